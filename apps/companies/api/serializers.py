from apps.bus.api.serializers import Shown
from apps.companies.models import Company


class CompanySerializer(Shown):
    class Meta:
        model = Company
        fields = ("id", "code", "name", "parent", "currency", "country")
