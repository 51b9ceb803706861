#!/usr/bin/env python3
"""Build and run the images without a container engine: images.py WORK_FOLDER; prints TAP.

The stages of docker/Dockerfile are built in plain Debian trees of debootstrap, by its own COPY and RUN lines. Then the
services of docker/compose.yaml that use those images run in their trees as an engine would run them: namespaces of
their own for processes and mounts, a network that leads nowhere, a read-only root, tmpfs, a volume, secrets, the user,
no capabilities, no new privileges. Needs root on Debian 12; where that is not given the answer is one skipped test.
"""
import concurrent.futures
import ctypes
import fcntl
import glob
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CODENAME = "bookworm"
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
TOKEN, SUPERUSER_PASSWORD, EXPORTER_PASSWORD = "token-of-the-test", "super: 'secret'", "export\\er:\"secret"

n_tests = 0
n_failed = 0


def ok(passed, name, detail=""):
    global n_tests, n_failed
    n_tests += 1
    n_failed += not passed
    print("%sok %d - %s" % ("" if passed else "not ", n_tests, name), flush=True)
    if not passed:
        print("".join("# %s\n" % line for line in str(detail).splitlines()[-40:]), end="", flush=True)
    return passed


def skip(reason):
    print("ok 1 - # SKIP %s" % reason)
    sys.exit(0)


def note(text):
    print("# " + text, flush=True)


def run(*command, **options):
    """Run a command; its output is an exception's text if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError("%s: exit status %d\n%s" % (" ".join(command), done.returncode, done.stdout))
    return done.stdout


# Debian trees

def apt_settings():
    """How this machine's apt reaches its packages, as apt's own configuration."""
    wanted = re.compile(r"^Acquire::(https?|ftp|Check-|Retries|ForceIPv|Allow|Languages)", re.I)
    return "".join(line + "\n" for line in run("apt-config", "dump").splitlines() if wanted.match(line))


def mirror():
    for line in run("apt-get", "indextargets", "--format", "$(CREATED_BY)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)").splitlines():
        created_by, codename, component, uri = line.split("|")
        if (created_by, codename, component) == ("Packages", CODENAME, "main"):
            return uri
    return None


def debian_tree(tree):
    """A plain Debian with this machine's sources of packages."""
    proxy = run("apt-config", "shell", "proxy", "Acquire::http::Proxy").strip()
    environment = dict(os.environ)
    if proxy.startswith("proxy='"):
        environment["http_proxy"] = proxy[7:-1]
    run("debootstrap", "--variant=minbase", CODENAME, tree, mirror(), env=environment)
    for path in glob.glob(tree + "/etc/apt/sources.list*"):
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    for folder in ("/etc/apt/sources.list.d", "/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/etc/apt/auth.conf.d",
                   "/usr/share/keyrings"):
        if os.path.isdir(folder):
            shutil.copytree(folder, tree + folder, dirs_exist_ok=True)
    for file in ("/etc/apt/sources.list", "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
        if os.path.exists(file):
            os.makedirs(os.path.dirname(tree + file), exist_ok=True)
            shutil.copy(file, tree + file)
    with open(tree + "/etc/apt/apt.conf.d/90machine", "w", encoding="utf-8") as file:
        file.write(apt_settings())
    # as in the slim images: no fsync, no documentation
    with open(tree + "/etc/dpkg/dpkg.cfg.d/slim", "w", encoding="utf-8") as file:
        file.write("force-unsafe-io\npath-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\n"
                   "path-exclude /usr/share/locale/*\n")
    with open(tree + "/usr/sbin/policy-rc.d", "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexit 101\n")
    os.chmod(tree + "/usr/sbin/policy-rc.d", 0o755)


# The Dockerfile

class Stage:
    def __init__(self, base):
        self.base = base
        self.steps = []
        self.environment = {}
        self.user = self.entrypoint = self.health = self.stop_signal = None


def read_dockerfile(path):
    """The stages by name. Instructions that it does not know are an error, so that none goes untested."""
    stages, stage = {}, None
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file.read().replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    for line in lines:
        instruction, rest = line.split(None, 1)
        if instruction == "ARG":
            continue
        if instruction == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", rest).groups()
            stage = stages[name] = Stage(base)
        elif instruction in ("COPY", "RUN"):
            stage.steps.append((instruction, rest))
        elif instruction == "ENV":
            stage.environment.update(word.split("=", 1) for word in shlex.split(rest))
        elif instruction == "USER":
            stage.user = rest
        elif instruction == "ENTRYPOINT":
            stage.entrypoint = json.loads(rest)
        elif instruction == "HEALTHCHECK":
            stage.health = json.loads(rest[rest.index("CMD ") + 4:])
        elif instruction == "STOPSIGNAL":
            stage.stop_signal = rest
        elif instruction not in ("VOLUME", "EXPOSE"):
            raise ValueError("docker/Dockerfile has an instruction that this test does not know: " + line)
    return stages


def context_files():
    """What .dockerignore leaves of the sources: first everything is excluded, then some of it is let in again."""
    with open(TOP + "/.dockerignore", encoding="utf-8") as file:
        rules = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    assert rules[0] == "*"
    return [rule[1:] for rule in rules if rule.startswith("!")]


def copy_step(rest, tree, trees, finished):
    words = rest.split()
    source_tree, allowed = TOP, context_files()
    if words[0].startswith("--from="):
        stage = words.pop(0)[len("--from="):]
        if not finished[stage].result():
            raise RuntimeError("its stage %s failed" % stage)
        source_tree, allowed = trees[stage], None
    *sources, target = words
    for source in sources:
        name = source.strip("/")
        if allowed is not None and not any(name == a or name.startswith(a + "/") for a in allowed):
            raise ValueError(".dockerignore keeps %s from the build" % source)
        path = os.path.join(source_tree, name)
        if os.path.isdir(path):
            built = shutil.ignore_patterns("*.o", "*.d", "*.so") if allowed is not None else None
            shutil.copytree(path, tree + target, symlinks=True, dirs_exist_ok=True, ignore=built)
        else:
            to = tree + target + (os.path.basename(name) if target.endswith("/") else "")
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(path, to)


def build_stage(name, stage, trees, finished):
    begin, tree = time.time(), trees[name]
    for instruction, rest in stage.steps:
        if instruction == "COPY":
            copy_step(rest, tree, trees, finished)
        else:
            run("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec",
                'mount -t proc proc "$0/proc"; mount -t tmpfs tmpfs "$0/dev/shm"; exec chroot "$0" /bin/sh -c "$1"',
                tree, rest, env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                 **{k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}})
    note("stage %s: %.0f s, %s MB" % (name, time.time() - begin, run("du", "-sm", tree).split()[0]))
    return True


def build_stages(stages, trees):
    """Build all at once: while one compiles, another unpacks."""
    finished = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(stages)) as pool:
        for name, stage in stages.items():
            finished[name] = pool.submit(build_stage, name, stage, trees, finished)
    for name in stages:
        ok(finished[name].exception() is None, "the stage %s of the Dockerfile builds" % name, finished[name].exception())
    return all(future.exception() is None for future in finished.values())


# Running

class Container:
    """A service of the compose file, running in the tree of its image."""

    def __init__(self, name, service, stage, tree, work):
        self.name, self.service, self.stage, self.tree, self.work = name, service, stage, tree, work
        self.log = "%s/%s.log" % (work, name)
        self.process = None

    def mounts(self):
        tree = self.tree
        with open(tree + "/etc/hosts", "a", encoding="ascii"):  # a file to mount over
            pass
        script = ["set -e", "mount --make-rprivate /", "mount --bind $T $T", "mount -t proc proc $T/proc",
                  "mount -t tmpfs -o size=256m tmpfs $T/dev/shm", "mount --bind $W/hosts $T/etc/hosts"]
        for entry in self.service.get("tmpfs", []):
            path, _, options = entry.partition(":")
            os.makedirs(tree + path, exist_ok=True)
            script.append("mount -t tmpfs -o %s tmpfs $T%s" % (options or "mode=1777", path))
        for volume in self.service.get("volumes", []):
            name, path = volume.split(":")[:2]
            place = "%s/volume_%s" % (self.work, name)
            if not os.path.exists(place):  # an engine makes a new volume like the image's folder
                run("cp", "-a", tree + path, place)
            script.append("mount --bind %s $T%s" % (place, path))
        script.append("mount -t tmpfs tmpfs $T/run/secrets")
        os.makedirs(tree + "/run/secrets", exist_ok=True)
        for secret in self.service.get("secrets", []):
            script.append("cp $W/secrets/%s $T/run/secrets/ && chmod 444 $T/run/secrets/%s" % (secret, secret))
        script.append("mount -o remount,bind,ro $T/run/secrets")
        if self.service["read_only"]:
            script.append("mount -o remount,bind,ro $T")
        return "\n".join(script).replace("$T", tree).replace("$W", self.work)

    def as_user(self, command, extra=None):
        """A command line that runs a command inside as the service's user, with its environment only."""
        user, group = str(self.service["user"]).split(":")
        environment = {**self.stage.environment, **{k: str(v) for k, v in self.service["environment"].items()},
                       **(extra or {})}
        return ["chroot", self.tree, "setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups",
                "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "env", "-i",
                *("%s=%s" % pair for pair in environment.items()), *command]

    def start(self, extra=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", self.mounts() + '\nexec "$@"', "sh",
                 *self.as_user(self.stage.entrypoint, extra)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def pid(self):
        """The first process of the container, as this machine counts it."""
        path = "/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)
        for _ in range(100):
            with open(path, encoding="ascii") as file:
                children = file.read().split()
            if children:
                return int(children[0])
            time.sleep(0.05)
        raise RuntimeError("%s does not run\n%s" % (self.name, self.read_log()))

    def execute(self, *command, extra=None):
        return run("nsenter", "--target=%d" % self.pid(), "--mount", "--pid", *self.as_user(command, extra))

    def wait_until_healthy(self, seconds):
        problem = ""
        for _ in range(seconds * 2):
            if self.process.poll() is not None:
                raise RuntimeError("%s ended with status %d\n%s" % (self.name, self.process.returncode, self.read_log()))
            try:
                self.execute(*self.service["healthcheck"]["test"][1:])
                return
            except RuntimeError as error:
                problem = str(error)
            time.sleep(0.5)
        raise RuntimeError("%s is not healthy: %s\n%s" % (self.name, problem, self.read_log()))

    def stop(self, seconds=30):
        """Stop it by its signal; its exit status."""
        os.kill(self.pid(), getattr(signal, self.stage.stop_signal or "SIGTERM"))
        return self.process.wait(seconds)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()


def fails(function, *arguments, **options):
    """The text of the error that a call must raise, or None."""
    try:
        function(*arguments, **options)
    except RuntimeError as error:
        return str(error)
    return None


def unshare(what):
    if ctypes.CDLL(None, use_errno=True).unshare(what) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def memory_for(work):
    """Keep the trees in memory if there is plenty of it: dpkg waits for disks otherwise. Gone when this process is."""
    with open("/proc/meminfo", encoding="ascii") as file:
        available = int(re.search(r"^MemAvailable:\s+(\d+) kB", file.read(), re.M).group(1)) >> 10
    if available > 8192:
        unshare(CLONE_NEWNS)
        run("mount", "--make-rprivate", "/")
        run("mount", "-t", "tmpfs", "-o", "size=4g,mode=755", "tmpfs", work)


def lone_network():
    """Leave the machine's network for one with nothing but a loopback interface."""
    unshare(CLONE_NEWNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS, up and running


def ask(method, path, body=None, token=TOKEN):
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=20)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


TRAIN = """
CREATE TABLE reviews AS
SELECT i AS id, (ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' book ' || i % 17 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label
FROM generate_series(1, 600) AS i;
SELECT sentiment_train('books', 'reviews');
SELECT sentiment_grant('books', 'sentiment_exporter', 'predict');
"""


def check_hardening(container, user):
    with open("/proc/%d/status" % container.pid(), encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    ok(set(status["Uid"].split()) == {user} and set(status["Gid"].split()) == {user}, "%s runs as user %s" % (container.name, user))
    ok(status["CapEff"].strip("0") == "" and status["CapBnd"].strip("0") == "" and status["NoNewPrivs"] == "1",
       "%s has no capabilities and gets no new privileges" % container.name, status)
    ok("Read-only file system" in (fails(container.execute, "touch", "/etc/written") or ""),
       "the root of %s is read-only" % container.name)
    ok(fails(container.execute, "sh", "-c", "command -v gcc || command -v make") is not None,
       "%s has no compiler" % container.name)


def check_database(database):
    def psql(sql, *options, extra=None):
        return database.execute("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", *options, "-c", sql, extra=extra).strip()

    # without its secrets it does not start, says why, and leaves no cluster
    database.start(extra={"POSTGRES_PASSWORD_FILE": "/run/secrets/missing"})
    status = database.process.wait(30)
    ok(status != 0 and "cannot read /run/secrets/missing" in database.read_log(),
       "database refuses to start without a password", database.read_log())
    volume = database.work + "/volume_database"
    ok(os.listdir(volume) == [], "and leaves nothing behind", os.listdir(volume))

    # a first start that was interrupted
    run("install", "-d", "-o", "999", "-g", "999", "-m", "700", volume + "/cluster.new")
    with open(volume + "/cluster.new/PG_VERSION", "w", encoding="ascii"):
        pass
    database.start()
    database.wait_until_healthy(90)
    ok(True, "database is healthy")
    ok(os.listdir(volume) == ["cluster"], "the cluster is in its place", os.listdir(volume))
    check_hardening(database, "999")

    socket_options = ("-h", "/run/postgresql", "-U", "postgres", "-d", "sentiment")
    psql(TRAIN, *socket_options)
    ok(psql("SELECT sentiment_predict('a great book', 'books')", *socket_options) == "pos", "the extension predicts")
    ok(psql("SELECT current_setting('shared_preload_libraries') || current_setting('cron.use_background_workers')",
            *socket_options) == "pg_cron,sentimenton", "both libraries are loaded")
    ok(psql("SELECT cron.schedule('nightly', '0 3 * * *', 'SELECT 1')", *socket_options) == "1"
       and psql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_cron launcher'", *socket_options) == "1",
       "pg_cron takes schedules and its launcher runs")

    network = ("-h", "database", "-d", "sentiment", "-U")
    # writing is off for this role, but that it could switch on: it is the privileges that must be missing
    right = {"PGPASSWORD": EXPORTER_PASSWORD, "PGOPTIONS": "-c default_transaction_read_only=off"}
    wrong = {"PGPASSWORD": "wrong"}
    ok(psql("SELECT sentiment_predict('an awful book', 'books')", *network, "sentiment_exporter", extra=right) == "neg",
       "the exporter's role may ask")
    for sql in ("CREATE TABLE t ()", "CREATE TEMPORARY TABLE t ()", "SELECT * FROM reviews", "SELECT sentiment_drop_model('books')",
                "SELECT sentiment_get_model('books')", "CREATE ROLE r", "SELECT pg_read_file('PG_VERSION')", "SELECT * FROM cron.job"):
        ok("permission denied" in (fails(psql, sql, *network, "sentiment_exporter", extra=right) or ""),
           "the exporter's role may not: " + sql)
    ok("permission denied for database" in (fails(psql, "SELECT 1", *network[:2], "-d", "postgres", "-U", "sentiment_exporter", extra=right) or ""),
       "nor connect to another database")
    ok("password authentication failed" in (fails(psql, "SELECT 1", *network, "sentiment_exporter", extra=wrong) or "")
       and "password authentication failed" in (fails(psql, "SELECT 1", *network, "postgres", extra=wrong) or ""),
       "a wrong password does not do")
    ok(psql("SELECT current_user", *network, "postgres", extra={"PGPASSWORD": SUPERUSER_PASSWORD}) == "postgres",
       "the superuser's password is that of the secret")

    status = database.stop()
    database.start()
    database.wait_until_healthy(30)
    ok(status == 0 and psql("SELECT sentiment_predict('a great book', 'books')", *socket_options) == "pos"
       and "not properly shut down" not in database.read_log(), "a restart is clean and keeps the models", database.read_log())
    log = database.read_log()
    ok(all(secret not in log for secret in (SUPERUSER_PASSWORD, EXPORTER_PASSWORD, SUPERUSER_PASSWORD.replace("'", "''"))),
       "the log shows no password")


def check_exporter(exporter, database):
    exporter.start(extra={"PGPASSWORD_FILE": "/run/secrets/missing"})
    ok(exporter.process.wait(30) != 0 and "cannot read a password from /run/secrets/missing" in exporter.read_log(),
       "exporter refuses to start without a password", exporter.read_log())
    exporter.start()
    exporter.wait_until_healthy(30)
    ok(True, "exporter is healthy")
    check_hardening(exporter, "998")
    status, body = ask("GET", "/health", token=None)
    ok(status == 200, "/health answers", body)
    status, body = ask("POST", "/predict", {"texts": ["a great book", "an awful book"]})
    ok(status == 200 and json.loads(body)["labels"] == ["pos", "neg"], "/predict answers from the database", body)
    status, body = ask("POST", "/predict", {"texts": ["a great book"]}, token=None)
    ok(status == 401, "/predict asks for the token", "%d %s" % (status, body))
    status, body = ask("GET", "/metrics")
    ok(status == 200 and "sentiment_exporter_database_up 1" in body, "/metrics answers", body)
    log = exporter.read_log()
    ok(TOKEN not in log and EXPORTER_PASSWORD not in log, "the log shows no secret", log)

    database.stop()
    status, body = ask("GET", "/health", token=None)
    ok(exporter.process.poll() is None, "the exporter outlives its database", "%d %s" % (status, body))
    database.start()
    database.wait_until_healthy(30)
    for _ in range(40):
        status, body = ask("POST", "/predict", {"texts": ["a great book"]})
        if status == 200:
            break
        time.sleep(0.5)
    ok(status == 200, "and finds it again", "%d %s" % (status, body))
    ok(exporter.stop() == 0, "the exporter stops by its signal", exporter.read_log())


def main():
    work = sys.argv[1]
    if os.geteuid() != 0:
        skip("building the images without an engine needs root")
    for tool in ("debootstrap", "unshare", "nsenter", "setpriv", "apt-get"):
        if shutil.which(tool) is None:
            skip("%s is not installed" % tool)
    if mirror() is None:
        skip("this machine's apt has no sources of Debian " + CODENAME)
    try:
        run("unshare", "--mount", "--pid", "--net", "--fork", "sh", "-c", "mount -t tmpfs tmpfs /mnt")
        memory_for(work)
        run("mknod", work + "/null", "c", "1", "3")
        with open(work + "/null", "w", encoding="ascii") as file:
            file.write("x")
    except (RuntimeError, OSError):
        skip("namespaces, mounts or devices are not allowed here")

    stages = read_dockerfile(TOP + "/docker/Dockerfile")
    with open(TOP + "/docker/compose.yaml", encoding="utf-8") as file:
        compose = yaml.safe_load(file)
    trees = {name: "%s/%s" % (work, name) for name in stages}
    begin = time.time()
    try:
        debian_tree(trees["build"])
        note("Debian tree: %.0f s" % (time.time() - begin))
        for name in stages:
            if name != "build":
                run("cp", "-a", "--reflink=auto", trees["build"], trees[name])
    except (RuntimeError, OSError) as error:
        ok(False, "a plain Debian tree", error)
        return
    if not build_stages(stages, trees):
        return

    lone_network()
    os.makedirs(work + "/secrets")
    for name, secret in (("postgres_password", SUPERUSER_PASSWORD), ("exporter_password", EXPORTER_PASSWORD), ("api_token", TOKEN)):
        with open("%s/secrets/%s" % (work, name), "w", encoding="utf-8") as file:
            file.write(secret + "\n")
    with open(work + "/hosts", "w", encoding="ascii") as file:
        file.write("127.0.0.1 localhost database exporter\n")
    containers = [Container(name, compose["services"][name], stages[name], trees[name], work) for name in ("database", "exporter")]
    try:
        for container in containers:
            ok(container.stage.user == container.service["user"]
               and container.stage.health == container.service["healthcheck"]["test"][1:],
               "Dockerfile and compose file agree on %s" % container.name)
        check_database(containers[0])
        check_exporter(containers[1], containers[0])
    except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
        ok(False, "the containers run", error)
    finally:
        for container in containers:
            container.kill()


try:
    main()
finally:
    print("1..%d" % n_tests)
sys.exit(n_failed != 0)
