from apps.bus.api.edits import EditEndpoint
from apps.bus.api.views import ListEndpoint
from apps.companies.commands import ChangeCompany
from apps.companies.models import Company

from .serializers import CompanySerializer


class Companies(ListEndpoint):
    """The companies of this tenant, by code."""

    permission = "companies.view_company"
    queryset = Company.objects.all()
    serializer_class = CompanySerializer
    ordering = ("code",)


class OneCompany(EditEndpoint):
    """A company."""

    permission = "companies.view_company"
    queryset = Company.objects.all()
    serializer_class = CompanySerializer
    lookup_url_kwarg = "company_id"
    command, result = ChangeCompany, CompanySerializer
    server_fields = ("company_id",)
