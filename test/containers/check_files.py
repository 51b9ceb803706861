#!/usr/bin/env python3
"""Check the files that no test runs as they are: check_files.py WORK_FOLDER; prints TAP.

Compose file, rules (syntax and scenarios), Alertmanager's routes, dashboards, Kubernetes manifests, CI workflow.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))
n_tests = 0
n_failed = 0


def ok(passed, name, detail=""):
    global n_tests, n_failed
    n_tests += 1
    n_failed += not passed
    print("%sok %d - %s" % ("" if passed else "not ", n_tests, name), flush=True)
    if not passed:
        print("".join("# %s\n" % line for line in str(detail).splitlines()[-40:]), end="", flush=True)


def nothing(problems, name):
    ok(not problems, name, "\n".join(map(str, problems)))


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, check=False, **options)


def succeeds(name, *command, **options):
    done = run(*command, **options)
    ok(done.returncode == 0, name, done.stdout)
    return done.stdout


class StrictLoader(yaml.SafeLoader):
    """YAML in which a key that is given twice is an error."""

    def construct_mapping(self, node, deep=False):
        names = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise yaml.YAMLError("keys that are given twice: %s\n%s" % (sorted(twice), node.start_mark))
        return super().construct_mapping(node, deep)


def read_yaml(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return list(yaml.load_all(file, StrictLoader))


def check_yaml():
    problems = []
    paths = [path for pattern in ("docker/**/*.y*ml", ".github/**/*.y*ml")
             for path in glob.glob(os.path.join(TOP, pattern), recursive=True, include_hidden=True)]
    for path in paths:
        try:
            if not read_yaml(path) or None in read_yaml(path):
                problems.append(path + " holds nothing")
        except yaml.YAMLError as error:
            problems.append("%s: %s" % (path, error))
    ok(len(paths) > 10, "there is YAML to check")
    nothing(problems, "%d files are valid YAML without keys given twice" % len(paths))


def check_compose():
    succeeds("docker-compose accepts the compose file", "docker-compose", "-f", TOP + "/docker/compose.yaml", "config", "-q")
    compose, problems = read_yaml("docker/compose.yaml")[0], []
    for name, service in compose["services"].items():
        user = str(service.get("user", "root")).split(":")[0]
        for wrong, what in (
                (not user.isdigit() or user == "0", "runs as root"),
                (service.get("read_only") is not True, "can write its root"),
                (service.get("cap_drop") != ["ALL"], "keeps capabilities"),
                ("no-new-privileges:true" not in service.get("security_opt", []), "may get new privileges"),
                ("healthcheck" not in service, "has no health check"),
                (not re.search(r":v?\d+\.\d+\.\d+$", service["image"]), "has no pinned image"),
                ("/" in service["image"] and "." in service["image"].split("/")[0], "names a registry"),
                ("privileged" in service, "is privileged")):
            if wrong:
                problems.append("%s %s" % (name, what))
        problems += ["%s listens to other machines: %s" % (name, port) for port in service.get("ports", [])
                     if not port.startswith("127.0.0.1:")]
        problems += ["%s mounts %s, which is not there" % (name, volume) for volume in service.get("volumes", [])
                     if volume.startswith("./") and not os.path.exists(os.path.join(TOP, "docker", volume.split(":")[0]))]
        problems += ["%s has a secret in its environment: %s" % (name, key) for key in service.get("environment", {})
                     if re.search("PASSWORD|TOKEN|SECRET", key) and not key.endswith("_FILE")]
    nothing(problems, "services are hardened, pinned and closed to other machines")
    done = run("bash", "-c", 'cp docker/make_secrets.sh "$0/" && "$0/make_secrets.sh" && "$0/make_secrets.sh" && stat -c "%a %n" "$0"/secrets "$0"/secrets/*',
               sys.argv[1], cwd=TOP)
    wanted = {os.path.basename(secret["file"]) for secret in compose["secrets"].values()}
    made = re.findall(r"made secrets/(\w+)", done.stdout)
    ok(sorted(made) == sorted(wanted) and "700 %s/secrets\n" % sys.argv[1] in done.stdout and done.stdout.count("444 ") == len(wanted),
       "make_secrets.sh makes each secret once, in a closed folder", done.stdout)


def check_prometheus(work):
    rules = sorted(glob.glob(TOP + "/docker/prometheus/rules/*.yml"))
    with open(TOP + "/docker/prometheus/prometheus.yml", encoding="utf-8") as file:
        text = file.read().replace("/etc/prometheus/rules", TOP + "/docker/prometheus/rules")
    token = os.path.join(work, "api_token")
    with open(token, "w", encoding="ascii") as file:
        file.write("token")
    with open(work + "/prometheus.yml", "w", encoding="utf-8") as file:
        file.write(text.replace("/run/secrets/api_token", token))
    output = succeeds("promtool accepts prometheus.yml with its rules", "promtool", "check", "config", work + "/prometheus.yml")
    ok(output.count("rules found") == len(rules) and len(rules) > 1, "it finds the files of rules", output)
    succeeds("scenarios of the rules", sys.executable, HERE + "/rule_scenarios.py", work + "/rules_test.yml", *rules)
    succeeds("each alert fires and clears in its scenarios, and in no other", "promtool", "test", "rules", work + "/rules_test.yml")
    problems = []
    for path in rules:
        for rule in (rule for group in read_yaml(path)[0]["groups"] for rule in group["rules"]):
            if "alert" in rule:
                problems += ["%s has no %s" % (rule["alert"], key) for key in ("summary", "description", "runbook")
                             if not rule.get("annotations", {}).get(key)]
                if rule.get("labels", {}).get("severity") not in ("critical", "warning") or "for" not in rule:
                    problems.append("%s has no severity or no duration" % rule["alert"])
                if not rule["annotations"].get("runbook", "").startswith("SELECT "):
                    problems.append("the runbook of %s is no SQL" % rule["alert"])
    nothing(problems, "each alert has severity, duration, summary, description and a runbook in SQL")

    alertmanager = TOP + "/docker/alertmanager/alertmanager.yml"
    if shutil.which("amtool"):
        succeeds("amtool accepts alertmanager.yml", "amtool", "check-config", alertmanager)
        for severity, receiver in (("critical", "page"), ("warning", "ticket")):
            succeeds("%s alerts go to %s" % (severity, receiver), "amtool", "config", "routes", "test",
                     "--config.file=" + alertmanager, "--verify.receivers=" + receiver, "severity=" + severity, "alertname=SentimentX")
    alerts = {rule["alert"] for path in rules for group in read_yaml(path)[0]["groups"] for rule in group["rules"] if "alert" in rule}
    matchers = re.findall(r'alertname (=~?) "([^"]+)"', open(alertmanager, encoding="utf-8").read())
    nothing([value for operator, value in matchers
             if not any(alert == value if operator == "=" else re.fullmatch(value, alert) for alert in alerts)],
            "Alertmanager inhibits alerts that there are")


def expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        if "expr" in annotation:
            yield annotation["expr"]


def check_dashboards(work):
    rules = []
    recorded = {rule["record"] for path in glob.glob(TOP + "/docker/prometheus/rules/*.yml")
                for group in read_yaml(path)[0]["groups"] for rule in group["rules"] if "record" in rule}
    uids = [source["uid"] for source in read_yaml("docker/grafana/provisioning/datasources/prometheus.yaml")[0]["datasources"]]
    dashboards = {}
    for path in sorted(glob.glob(TOP + "/docker/grafana/dashboards/*.json")):
        with open(path, encoding="utf-8") as file:
            dashboards[os.path.basename(path)] = json.load(file)
    ok(len(dashboards) == 2 and len({d["uid"] for d in dashboards.values()}) == 2, "there are two dashboards")
    for name, dashboard in dashboards.items():
        problems, ids, cells = [], [panel["id"] for panel in dashboard["panels"]], set()
        variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
        if dashboard["schemaVersion"] < 39 or len(ids) != len(set(ids)):
            problems.append("schema or identifiers")
        if variables["datasource"]["type"] != "datasource" or variables["datasource"]["current"]["value"] not in uids:
            problems.append("its data source is not the provisioned one")
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            covered = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            if place["x"] + place["w"] > 24 or covered & cells:
                problems.append("%s overlaps another panel" % panel["title"])
            cells |= covered
            if panel["type"] == "row":
                continue
            if not panel["title"] or len(panel.get("description", "")) < 15 or not panel["fieldConfig"]["defaults"].get("unit"):
                problems.append("panel %d has no title, description or unit" % panel["id"])
            if not panel["targets"] or panel["datasource"]["uid"] != "${datasource}":
                problems.append("%s has no query or another data source" % panel["title"])
        for expression in expressions(dashboard):
            used = set(re.findall(r"\$(\w+)", expression)) - {"__rate_interval", "__range", "__interval"}
            problems += ["%s is no variable" % variable for variable in used - set(variables)]
            problems += ["%s is not recorded" % record for record in set(re.findall(r"\bjob\w*:\w+:\w+", expression)) - recorded]
            plain = re.sub(r"\$__\w+", "5m", expression)
            rules.append({"record": "checked:expression", "expr": re.sub(r"\$\w+", ".*", plain)})
        nothing(problems, "%s: %d panels with title, description, unit and known variables" % (name, len(ids)))
    with open(work + "/dashboards.yml", "w", encoding="utf-8") as file:
        yaml.safe_dump({"groups": [{"name": "dashboards", "rules": [
            {**rule, "labels": {"number": str(i)}} for i, rule in enumerate(rules)]}]}, file)
    succeeds("promtool accepts %d expressions of the dashboards" % len(rules), "promtool", "check", "rules", work + "/dashboards.yml")


def check_kubernetes():
    objects, problems = {}, []
    kustomization = read_yaml("docker/kubernetes/kustomization.yaml")[0]
    files = {os.path.basename(path) for path in glob.glob(TOP + "/docker/kubernetes/*.yaml")} - {"kustomization.yaml"}
    ok(files == set(kustomization["resources"]), "kustomization.yaml lists every manifest", files ^ set(kustomization["resources"]))
    for name in kustomization["resources"]:
        for manifest in read_yaml("docker/kubernetes/" + name):
            if not manifest.get("apiVersion") or not manifest.get("metadata", {}).get("name"):
                problems.append(name + " has no apiVersion or name")
            objects[manifest["kind"]] = manifest
    pod = objects["Deployment"]["spec"]["template"]
    container, labels = pod["spec"]["containers"][0], pod["metadata"]["labels"]
    for kind, selector in (("Deployment", objects["Deployment"]["spec"]["selector"]["matchLabels"]),
                           ("Service", objects["Service"]["spec"]["selector"]),
                           ("PodDisruptionBudget", objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]),
                           ("NetworkPolicy", objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"])):
        if not selector.items() <= labels.items():
            problems.append(kind + " selects other pods")
    if not objects["ServiceMonitor"]["spec"]["selector"]["matchLabels"].items() <= objects["Service"]["metadata"]["labels"].items():
        problems.append("ServiceMonitor selects another service")
    ports = {port["name"] for port in container["ports"]}
    used = {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    used |= {port["targetPort"] for port in objects["Service"]["spec"]["ports"]}
    if used != ports:
        problems.append("a probe or the service uses another port")
    security = container["securityContext"]
    if not (security["readOnlyRootFilesystem"] is True and security["allowPrivilegeEscalation"] is False
            and security["capabilities"]["drop"] == ["ALL"] and pod["spec"]["securityContext"]["runAsNonRoot"] is True
            and pod["spec"]["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"):
        problems.append("the pod does not meet the restricted standard that the namespace demands")
    if set(container["resources"]) != {"requests", "limits"}:
        problems.append("no limits")
    mounts, volumes = ({entry["name"] for entry in entries} for entries in (container["volumeMounts"], pod["spec"]["volumes"]))
    if mounts != volumes:
        problems.append("mounts and volumes differ")
    secret, keys = objects["Secret"], {env["value"].rsplit("/", 1)[1] for env in container["env"] if env["name"].endswith("_FILE")}
    if keys != set(secret["stringData"]) or any(value != "CHANGE-ME" for value in secret["stringData"].values()):
        problems.append("the secret's template does not have what the pod reads, or holds a secret")
    with open(TOP + "/docker/Dockerfile", encoding="utf-8") as file:
        user = re.findall(r"^USER (\d+):(\d+)", file.read(), re.M)[-1]
    if (str(pod["spec"]["securityContext"]["runAsUser"]), str(pod["spec"]["securityContext"]["runAsGroup"])) != user:
        problems.append("the pod's user is not the image's")
    nothing(problems, "the manifests fit together and meet the restricted standard")


def check_workflow():
    workflow, problems = read_yaml(".github/workflows/ci.yml")[0], []
    if True not in workflow or workflow.get("permissions") != {"contents": "read"}:  # YAML 1.1 reads "on" as true
        problems.append("no triggers, or more permissions than reading")
    for name, job in workflow["jobs"].items():
        if "timeout-minutes" not in job:
            problems.append(name + " has no timeout")
        for step in job["steps"]:
            if ("run" in step) == ("uses" in step):
                problems.append("a step of %s neither runs nor uses, or both" % name)
            if "uses" in step and not re.search(r"@v\d", step["uses"]):
                problems.append("%s is not pinned" % step["uses"])
            for script in re.findall(r"(?<![\w/])(?:test|docker)/\w+\.sh", step.get("run", "")):
                if not os.access(os.path.join(TOP, script), os.X_OK):
                    problems.append("%s runs %s, which is not there" % (name, script))
            if "run" in step and run("bash", "-n", "-c", re.sub(r"\$\{\{.*?\}\}", "x", step["run"])).returncode != 0:
                problems.append("%s: %s is no shell script" % (name, step["run"]))
    ok(workflow["jobs"]["test"]["strategy"]["matrix"]["postgresql"] == [15, 16, 17, 18], "CI tests PostgreSQL 15 to 18")
    nothing(problems, "the workflow's steps are sound")


def check_scripts():
    scripts = [path for path in glob.glob(TOP + "/docker/**/*", recursive=True) if os.path.isfile(path)
               and (path.endswith(".sh") or "/bin/" in path)]
    problems = [path for path in scripts if not os.access(path, os.X_OK)]
    for path in scripts:
        done = run("bash", "-n", path)
        if done.returncode != 0:
            problems.append(done.stdout)
    ok(len(scripts) == 6, "there are scripts to check", scripts)
    nothing(problems, "the scripts of the images are executable and parse")
    if shutil.which("shellcheck"):
        succeeds("shellcheck has nothing to say", "shellcheck", *scripts)


check_yaml()
check_compose()
check_prometheus(sys.argv[1])
check_dashboards(sys.argv[1])
check_kubernetes()
check_workflow()
check_scripts()
print("1..%d" % n_tests)
sys.exit(n_failed != 0)
