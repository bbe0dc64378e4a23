from apps.bus.api.views import ListEndpoint
from apps.companies.models import Company

from .serializers import CompanySerializer


class Companies(ListEndpoint):
    """The companies of this tenant, by code."""

    permission = "companies.view_company"
    queryset = Company.objects.all()
    serializer_class = CompanySerializer
    ordering = ("code",)
