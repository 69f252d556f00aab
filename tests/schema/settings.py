"""The settings of the web server that is fuzzed: a cheap hash of passwords, whose strength is Django's to test."""

from config.settings import *  # noqa: F403 - all of them, and one more

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
