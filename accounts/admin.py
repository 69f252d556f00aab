"""Staff's view of people, their rights and their devices."""

from typing import Any, ClassVar

from allauth.account.admin import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import emails
from accounts.actions.sign_out import sign_out, sign_out_after_new_password
from accounts.models import Device, User

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)  # allauth's bookkeeping of what the user's own page shows
admin.site.unregister(Authenticator)  # keys of the second factor, which are nobody's to see

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class ReadOnlyDevices:
    """Devices begin with a sign-in and end with a sign-out; staff cannot write their rows."""

    def has_add_permission(self, *_args: Any) -> bool:
        return False

    def has_change_permission(self, *_args: Any) -> bool:
        return False

    def has_delete_permission(self, *_args: Any) -> bool:
        return False


class DeviceInline(ReadOnlyDevices, TabularInline):
    model = Device
    fields = ("name", "user_agent", "ip", "created_at", "last_used_at", "signed_out_at")
    readonly_fields = fields
    ordering = ("-last_used_at",)
    extra = 0
    tab = True


class NewPasswordForm(AdminPasswordChangeForm):
    """Staff set a new password: the user's devices are signed out, and the user is told, as when the user does it."""

    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002 (Django's signature)
        user: User = super().save(commit)
        sign_out_after_new_password(user=user)
        emails.tell_of_change("password_changed", user.email, user, ip=None)
        return user


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = NewPasswordForm
    list_display = ("email", "full_name", "language", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "language", "groups")
    search_fields = ("email", "full_name")
    ordering = ("email",)
    readonly_fields = ("date_joined", "last_login")
    filter_horizontal = ("groups", "user_permissions")
    inlines = (DeviceInline,)
    actions = ("take_second_factor_off",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("full_name", "language")}),
        (_("Rights"), {"fields": ("is_active", *RIGHTS)}),
        (_("History"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "full_name", "usable_password", "password1", "password2")}),
    )

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Rights are handed out by superusers only: nobody raises their own."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever sets an address or a password can become that user, so staff are changed by superusers only."""
        return super().has_change_permission(request, obj) and self._is_beneath(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_beneath(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Devices go with their user, though staff cannot delete one by itself."""
        deleted, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, forbidden - {Device._meta.verbose_name}, protected  # noqa: SLF001

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        """With a new address the old ones, by which allauth lets sign in and reset the password, are forgotten.

        The old one is told: whoever reads its mail may know better.
        """
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            EmailAddress.objects.filter(user=obj).delete()
            emails.tell_of_change("email_changed", form.initial["email"], obj, ip=None)

    @admin.action(description=_("Take the second factor off selected people"), permissions=["superuser"])
    def take_second_factor_off(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For whoever has lost the phone and the recovery codes: the password alone opens the account again."""
        users = list(queryset.filter(authenticator__isnull=False).distinct())
        Authenticator.objects.filter(user__in=users).delete()
        for user in users:
            self.log_change(request, user, "Took the second factor off.")
            emails.tell_of_change("totp_deactivated", user.email, user, ip=None)
        message = ngettext(
            "The second factor of %(count)d person was taken off.",
            "The second factors of %(count)d people were taken off.",
            len(users),
        )
        self.message_user(request, message % {"count": len(users)}, messages.SUCCESS)

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        """For the action above: whoever takes a second factor off comes a step nearer to being that person."""
        return bool(request.user.is_superuser)

    def _is_beneath(self, request: HttpRequest, user: User | None) -> bool:
        return user is None or request.user.is_superuser or not (user.is_staff or user.is_superuser)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(Device)
class DeviceAdmin(ReadOnlyDevices, ModelAdmin):
    list_display = ("user", "__str__", "ip", "created_at", "last_used_at", "signed_out_at")
    list_filter = (("signed_out_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__full_name", "name", "ip")
    ordering = ("-last_used_at",)
    date_hierarchy = "last_used_at"
    actions: ClassVar[list[str]] = ["sign_out"]

    @admin.action(description=_("Sign out selected devices"), permissions=["sign_out"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        """End the selected devices: no token of theirs refreshes any more."""
        count = sign_out(queryset, reason="signed out by staff")
        message = ngettext("%(count)d device was signed out.", "%(count)d devices were signed out.", count)
        self.message_user(request, message % {"count": count}, messages.SUCCESS)

    def has_sign_out_permission(self, request: HttpRequest) -> bool:
        """For the action above: the right to change devices."""
        return bool(request.user.has_perm("accounts.change_device"))
