from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """Nobody adds, changes or deletes here, whatever their rights. For model admins and inlines alike."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
