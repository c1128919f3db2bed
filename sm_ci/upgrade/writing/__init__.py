"""Changes the image in the files that name it, every other byte as it was: specs, YAML, Dockerfiles, Terraform, texts.

`read` the files, `plan` the changes (pure), `write` them. What is changed: the tag, and the digest where one is pinned, of every
name of the current image; the same repository of the same account in another region of ECR too, and AWS's own in all
regions, each with a notice. What is left alone: other tags, other images, YAML's and Terraform's comments, heredocs, a spec's
`matrix`, and a variable that is the tag of another image too; of those that name the current image a finding tells.
"""

from sm_ci.upgrade.writing.changes import Change, Plan
from sm_ci.upgrade.writing.files import read, write
from sm_ci.upgrade.writing.planning import NOT_NAMED, plan
from sm_ci.upgrade.writing.reading import Source
from sm_ci.upgrade.writing.specs import Outside

__all__ = ["NOT_NAMED", "Change", "Outside", "Plan", "Source", "plan", "read", "write"]
