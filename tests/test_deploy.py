"""The files of deploy/: what they start exists, and they have the structure that Slurm and KubeRay ask for.

KubeRay's schema is in no package that can be installed, so what we use of it is written down here, with the types and
the required fields of its reference; pods and network policy are held against Kubernetes' own. Nothing here talks to a
Kubernetes or a Slurm.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from grader.cli import grading

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
# One write a call, because several write at a time.
STUB = '#!/bin/sh\necho "$(basename "$0") $*" >>"$CALLS"\n'


def exactly(required: str = "", **properties: Any) -> dict[str, Any]:
    """The JSON schema of an object that has no other properties."""
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


# https://docs.ray.io/en/master/kuberay/references/api.html: a RayJob, as far as we use it.
TEXT, YES, TEXTS = (
    {"type": "string"},
    {"type": "boolean"},
    {"type": "object", "additionalProperties": {"type": "string"}},
)
COUNT = {"type": "integer", "minimum": 0}
POD = {"type": "object", "required": ["spec"]}  # held against Kubernetes' schema
HEAD = exactly("rayStartParams template", rayStartParams=TEXTS, template=POD)
WORKERS = exactly(
    "groupName minReplicas maxReplicas rayStartParams template",
    groupName=TEXT,
    replicas=COUNT,
    minReplicas=COUNT,
    maxReplicas=COUNT,
    rayStartParams=TEXTS,
    template=POD,
)
CLUSTER = exactly(
    "headGroupSpec",
    rayVersion=TEXT,
    authOptions=exactly(mode={"enum": ["disabled", "token"]}),
    headGroupSpec=HEAD,
    workerGroupSpecs={"type": "array", "items": WORKERS},
)
RAY_JOB = exactly(
    "apiVersion kind metadata spec",
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    metadata=exactly("name", name=TEXT),
    spec=exactly(
        entrypoint=TEXT,
        shutdownAfterJobFinishes=YES,
        ttlSecondsAfterFinished=COUNT,
        backoffLimit=COUNT,
        rayClusterSpec=CLUSTER,
    ),
)


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    rows = yaml.safe_load_all((DEPLOY / "kuberay.yaml").read_text())
    return {row["kind"]: row for row in rows}


@pytest.fixture(scope="module")
def cluster(documents: dict[str, Any]) -> Any:
    return documents["RayJob"]["spec"]["rayClusterSpec"]


def test_the_manifest_has_what_kuberay_asks_for_and_no_field_that_nobody_reads(documents: dict[str, Any]) -> None:
    jsonschema.validate(documents["RayJob"], RAY_JOB)


def test_pods_and_network_policy_are_what_kubernetes_takes(documents: dict[str, Any], cluster: Any) -> None:
    reason = "its schemas are large: pip install kubernetes-validate would run this"
    validate = pytest.importorskip("kubernetes_validate", reason=reason).validate
    pods = [
        {"apiVersion": "v1", "kind": "Pod", **each["template"]}
        for each in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
    ]

    for resource in (documents["NetworkPolicy"], *pods):
        validate(resource, "1.33", strict=True)
    with pytest.raises(jsonschema.ValidationError):
        validate(pods[0] | {"spec": pods[0]["spec"] | {"container": []}}, "1.33", strict=True)


def test_whoever_has_no_token_is_kept_out(cluster: Any) -> None:
    assert cluster["authOptions"] == {"mode": "token"}


def test_ray_is_started_with_options_it_has(cluster: Any) -> None:
    start = pytest.importorskip("ray.scripts.scripts", reason="Ray is not installed: make setup would run this").start
    known = {name.removeprefix("--") for option in start.params for name in option.opts}

    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert set(group["rayStartParams"]) <= known
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())  # as KubeRay wants them


def test_the_version_of_ray_is_the_one_that_was_tried(cluster: Any) -> None:
    assert f"ray=={cluster['rayVersion']}" in (ROOT / "constraints.txt").read_text().splitlines()


def test_a_worker_pod_has_room_for_as_many_workers_as_processors(cluster: Any) -> None:
    from grader import rubric
    from grader.runners.on_ray import _OVERHEAD_MB

    (group,) = cluster["workerGroupSpecs"]
    (container,) = group["template"]["spec"]["containers"]
    limits = max(each.limits.memory_mb for each in rubric.load(ROOT, rubric.unproven).assignments.values())
    cpus = int(container["resources"]["limits"]["cpu"])

    assert group["rayStartParams"]["num-cpus"] == str(cpus)
    # Ray offers seven tenths of what a container has, the rest is its own and the object store's.
    assert int(container["resources"]["limits"]["memory"].removesuffix("Gi")) * 1024 * 0.7 >= cpus * (
        limits + _OVERHEAD_MB
    )


def test_pods_are_reached_by_each_other_and_by_the_operator_alone(documents: dict[str, Any], cluster: Any) -> None:
    policy = documents["NetworkPolicy"]["spec"]
    labels = [
        each["template"]["metadata"]["labels"] for each in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
    ]

    assert all(each == policy["podSelector"]["matchLabels"] for each in labels)
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert all(rule["from"] for rule in policy["ingress"])


def test_the_entry_point_is_a_command_of_ours(documents: dict[str, Any]) -> None:
    name, *arguments = shlex.split(documents["RayJob"]["spec"]["entrypoint"])
    parser = argparse.ArgumentParser()
    grading.add(parser.add_subparsers())

    parsed = parser.parse_args(arguments)

    assert name == "grader"
    assert (parsed.runner, parsed.address) == ("ray", "auto")


def test_the_slurm_script_starts_ray_on_every_node_and_keeps_its_token_to_itself(tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("srun", "ray", "grader", "sleep"):
        (commands / name).write_text(STUB)
        (commands / name).chmod(0o755)
    (commands / "scontrol").write_text("#!/bin/sh\nprintf 'one\\ntwo\\nthree\\n'\n")
    (commands / "scontrol").chmod(0o755)
    (commands / "grader").write_text(
        STUB + 'cp "$RAY_AUTH_TOKEN_PATH" "$CALLS.token"; ls -l "$RAY_AUTH_TOKEN_PATH" >"$CALLS.mode"\n'
    )
    slurm = {"SLURM_JOB_ID": "4242", "SLURM_JOB_NODELIST": "x", "SLURM_JOB_NUM_NODES": "3", "SLURM_CPUS_ON_NODE": "8"}
    environment = {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CALLS": str(tmp_path / "calls"),
        **slurm,
    }

    script = ["bash", str(DEPLOY / "slurm.sh"), "in", "out", "--item", "corr2d-values"]
    ran = subprocess.run(script, env=environment, capture_output=True, text=True, check=False, timeout=60)
    calls = (tmp_path / "calls").read_text()
    token = (tmp_path / "calls.token").read_text()

    assert ran.returncode == 0, ran.stderr
    assert "grader in --out out --runner ray" not in calls
    assert "grader grade in --out out --runner ray --address one:24242 --item corr2d-values" in calls
    assert "ray start --head --node-ip-address=one --port=24242" in calls
    assert "--nodes=2 --ntasks=2 --exclude=one" in calls
    assert "ray start --address=one:24242" in calls
    assert len(token) == 64 and token not in calls
    assert (tmp_path / "calls.mode").read_text().startswith("-rw-------")
    assert not list(tmp_path.glob(".grader-ray-token-*"))
