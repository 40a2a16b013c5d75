"""The compiler has nothing to say, and the manifest is that of the catalogue of today."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from integrations import CATALOGUE, load_all
from toolkit.generate.manifest import MANIFEST, text
from toolkit.release import bicep

needs_the_compiler = pytest.mark.skipif(not bicep.compiler(), reason=bicep.ABSENT)


@pytest.mark.slow
def test_manifest_is_what_the_catalogue_says() -> None:
    assert MANIFEST.read_text("utf-8") == text(load_all()), "run ./hub manifest"


@pytest.mark.slow
@needs_the_compiler
def test_template_compiles_without_a_word() -> None:
    template, said = bicep.build()
    assert said == []
    assert template["resources"]


@pytest.mark.slow
@needs_the_compiler
def test_the_trial_compiles_without_a_word() -> None:
    """What ``azd up`` deploys, and its parameters."""
    for words in (("build", "trial.bicep"), ("build-params", "trial.bicepparam")):
        done = bicep.run(words[0], str(bicep.INFRA / words[1]), "--stdout")
        assert (done.returncode, done.stderr.strip()) == (0, "")


def test_the_trial_deploys_apps_of_the_catalogue() -> None:
    """azd finds an app by the tag azd-service-name, which is the name of the service in traces."""
    read = yaml.safe_load((bicep.ROOT / "azure.yaml").read_text("utf-8"))
    assert (bicep.ROOT / read["infra"]["path"] / f"{read['infra']['module']}.bicep").exists()
    packed = read["hooks"]["prepackage"]["run"].split()
    assert (bicep.ROOT / packed[0]).exists()
    assert set(packed[1:]) == set(read["services"]) <= {*CATALOGUE, "ops"}
    for name, service in read["services"].items():
        assert (service["project"], service["host"], service["remoteBuild"]) == (f"dist/{name}", "function", False)
    assert "'azd-service-name': service" in (bicep.INFRA / "modules" / "app.bicep").read_text("utf-8")


def test_every_rule_of_the_linter_is_an_error() -> None:
    """But the one that depends on the day's date, which would turn a green build red without a change."""
    rules = json.loads((bicep.INFRA / "bicepconfig.json").read_bytes())["analyzers"]["core"]["rules"]
    assert {name for name, rule in rules.items() if rule["level"] != "error"} == {"use-recent-api-versions"}


@pytest.mark.parametrize("folder", ["alerts", "workbook"])
def test_every_query_is_used(folder: str) -> None:
    """A query that nothing loads would be tested and never run."""
    loaded = "".join(path.read_text("utf-8") for path in (bicep.INFRA / "modules").glob("*.bicep"))
    names = set(re.findall(rf"loadTextContent\('\.\./{folder}/([a-z-]+)\.kql'\)", loaded))
    assert names == {path.stem for path in (bicep.INFRA / folder).glob("*.kql")}


@needs_the_compiler
def test_what_was_evaluated_is_kept_until_a_file_changes(tmp_path: Path) -> None:
    """The same files give the same digest, and one changed letter another."""
    copied = tmp_path / "infra"
    shutil.copytree(bicep.INFRA, copied)
    assert bicep.digest(copied) == bicep.digest(bicep.INFRA)
    (copied / "roles.bicep").write_text((copied / "roles.bicep").read_text("utf-8") + "// ", "utf-8")
    assert bicep.digest(copied) != bicep.digest(bicep.INFRA)


@pytest.mark.slow
@needs_the_compiler
def test_a_template_that_the_compiler_complains_of_is_refused(tmp_path: Path) -> None:
    copied = tmp_path / "infra"
    shutil.copytree(bicep.INFRA, copied)
    vault = copied / "modules" / "vault.bicep"
    vault.write_text(vault.read_text("utf-8").replace("enablePurgeProtection", "enablePurgeProtektion"), "utf-8")
    with pytest.raises(bicep.Refused, match="enablePurgeProtektion"):
        bicep.template(copied)
