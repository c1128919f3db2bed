"""Changes the image in the files that name it, every other byte as it was: specs, YAML, Dockerfiles, Terraform, texts.

`read` the files, `plan` the changes (pure), `write` them; `check` does all of it but the last step. What is changed: the tag, and
the digest where one is pinned, of every name of the current image; the same repository of the same account in another region
of ECR too, and AWS's own in all regions, each with a notice. What is left alone: other tags, other images, comments, a spec's
tests; heredocs, what a Dockerfile has beside the images that it builds on, a variable that is the tag of another image too. Of the
latter, where they name the current image, a finding tells; so does one of each name whose tag is not known here, in a file that
has the current image too.
"""

from sm_ci.upgrade.writing.changes import Change, Plan
from sm_ci.upgrade.writing.files import check, read, write
from sm_ci.upgrade.writing.planning import NOT_NAMED, plan, rebuilt
from sm_ci.upgrade.writing.reading import Source
from sm_ci.upgrade.writing.specs import Outside

__all__ = ["NOT_NAMED", "Change", "Outside", "Plan", "Source", "check", "plan", "read", "rebuilt", "write"]
