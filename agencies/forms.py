"""Reading a form: what cannot be read is refused with the field's name, like every other refusal."""

from typing import Any

from django import forms
from django.http import HttpRequest

from agencies.errors import Invalid


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
