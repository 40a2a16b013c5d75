"""Microsoft's analyser of KQL, run by Node: unknown tables, columns, functions and operators, before anything is deployed."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from toolkit.local.azurite import environment
from toolkit.say import HOME, ROOT

PACKAGE = ROOT / "toolkit" / "release" / "kusto_package"  # package.json, its lock and the script
INSTALLED = HOME / "kusto"
LIBRARY = Path("node_modules", "@kusto", "language-service-next", "Kusto.Language.Bridge.min.js")
ABSENT = "the KQL analyser is not here: it needs Node.js and npm install of @kusto/language-service-next"

# The columns of the workspace's tables that queries may name.
TABLES = {
    "AppEvents": "(TimeGenerated:datetime,Name:string,Properties:dynamic,ItemCount:int,OperationId:string,ParentId:string,"
    "AppRoleName:string)",
    "AppRequests": "(TimeGenerated:datetime,Name:string,Success:bool,ResultCode:string,DurationMs:real,OperationId:string,"
    "Id:string,ParentId:string,Properties:dynamic,ItemCount:int,AppRoleName:string)",
    "AppDependencies": "(TimeGenerated:datetime,Name:string,Success:bool,ResultCode:string,DurationMs:real,OperationId:string,"
    "Id:string,ParentId:string,Properties:dynamic,ItemCount:int,AppRoleName:string)",
    "AppServiceAuthenticationLogs": "(TimeGenerated:datetime,SiteName:string,HostName:string,StatusCode:int,SubStatusCode:int,"
    "Message:string,Level:string)",
}


def home() -> Path | None:
    """The folder whose node_modules holds the analyser; installed when it is not there; ``None`` when it cannot be had."""
    for folder in (INSTALLED, ROOT):
        if (folder / LIBRARY).exists():
            return folder
    return _install()


def _install() -> Path | None:
    npm = shutil.which("npm", path=environment()["PATH"])
    if not npm:
        return None
    building = HOME / f"kusto.{os.getpid()}"
    shutil.copytree(PACKAGE, building)
    done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=building, capture_output=True, check=False)
    if done.returncode == 0:
        shutil.rmtree(INSTALLED, ignore_errors=True)
        building.rename(INSTALLED)
    shutil.rmtree(building, ignore_errors=True)
    return INSTALLED if done.returncode == 0 else None


def analyse(queries: Mapping[str, str], where: Path) -> dict[str, list[str]]:
    """What the analyser finds in each query: nothing, when all is well."""
    node = shutil.which("node", path=environment()["PATH"]) or "node"
    payload = json.dumps({"tables": TABLES, "queries": dict(queries)})
    script = [node, str(PACKAGE / "analyse.js"), str(where)]
    done = subprocess.run(script, input=payload, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found
