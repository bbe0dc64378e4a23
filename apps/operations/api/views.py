from apps.bus.api.views import Asks
from apps.operations.commands import OnboardTenant

from .serializers import OnboardedSerializer


class Onboardings(Asks):
    command, result = OnboardTenant, OnboardedSerializer
