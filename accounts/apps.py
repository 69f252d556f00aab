from allauth.account.signals import password_changed, password_reset, password_set
from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Listens for new passwords, which the pages of allauth set, and keeps the roles of staff."""

    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from accounts.actions.sign_out import sign_out_after_new_password  # models are loaded only now
        from accounts.roles import keep_all
        from accounts.second_factor import note_first_code

        for signal in (password_changed, password_reset, password_set):
            signal.connect(sign_out_after_new_password)
        authenticator_added.connect(note_first_code)
        post_migrate.connect(keep_all, dispatch_uid="roles")
