"""Reading a form: what cannot be read is refused with the field's name, like every other refusal."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from agencies.errors import Invalid
from agencies.hours import EARLIEST, LATEST


class MomentField(forms.DateTimeField):
    """A time of the agency, in a year that can be kept."""

    def clean(self, value: object) -> datetime | None:
        moment: datetime | None = super().clean(value)
        if moment is not None and not EARLIEST <= moment < LATEST:
            raise forms.ValidationError(_("This must be a time between the years 2000 and 2100."))
        return moment


class DayField(forms.DateField):
    """A day as a browser sends it, in a year that can be kept."""

    def clean(self, value: object) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not EARLIEST.date() <= day < LATEST.date():
            raise forms.ValidationError(_("This must be a time between the years 2000 and 2100."))
        return day


class PlainForm(forms.Form):
    """A form that is only read. Its page is drawn by a template, which keeps what was typed."""

    @classmethod
    def read(cls, request: HttpRequest, **more: Any) -> dict[str, Any]:
        """The cleaned fields of the POST; `Invalid` names every field that cannot be read."""
        form = cls(request.POST, **more)
        if not form.is_valid():
            raise Invalid(errors={name: [str(e) for e in found] for name, found in form.errors.items()})
        return form.cleaned_data


class RoleForm(PlainForm):
    role = forms.CharField(max_length=16)
