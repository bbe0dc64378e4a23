from apps.bus.api.serializers import ReadSerializer
from apps.companies.models import Company


class CompanySerializer(ReadSerializer):
    class Meta:
        model = Company
        fields = ("id", "code", "name", "parent", "currency", "country")
