"""Static files under names that change with their content, so that a browser may keep them for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Hashed(CompressedManifestStaticFilesStorage):
    """Imports between our JavaScript modules are followed too."""

    support_js_module_import_aggregation = True
