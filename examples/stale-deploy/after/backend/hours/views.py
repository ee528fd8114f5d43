"""Opening hours, as JSON for the site."""

from django.http import HttpRequest, JsonResponse

HOURS = [
    {"day": "Monday to Friday", "opens": "09:00", "closes": "18:00"},
    {"day": "Saturday", "opens": "10:00", "closes": "14:00"},
]


def hours(request: HttpRequest) -> JsonResponse:
    """Answer with the week's hours; any site may read them."""
    return JsonResponse({"hours": HOURS}, headers={"Access-Control-Allow-Origin": "*"})
