from django.utils.translation import gettext_lazy as _

from core.admin.filters import among
from payments.gateways import NAMES

GATEWAY = among("gateway", _("gateway"), lambda: [(name, name) for name in NAMES])
