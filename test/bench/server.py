"""Talking to the benchmark's server: sessions through psql, pgbench, and what /proc knows of a backend."""

import os
import re
import subprocess

CONNECTION = ["-h", os.environ.get("BENCH_SOCKET", ""), "-p", os.environ.get("BENCH_PORT", "5432"),
              "-U", "postgres", "-d", "postgres"]
BIN = os.environ.get("BENCH_BIN", "")
END = "end of the answer"


class Session:
    """One connection: a psql process that is given statements one by one."""

    def __init__(self):
        # standard error comes in line: a statement that failed shows up as such at once
        self.psql = subprocess.Popen(
            [os.path.join(BIN, "psql"), "-X", "-A", "-t", "-q", *CONNECTION],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8")
        self.ask("\\timing on")

    def ask(self, statement):
        """Rows of the answer, as psql prints them, and the milliseconds that psql measured."""
        self.psql.stdin.write("%s\n\\echo\n\\echo %s\n" % (statement, END))
        self.psql.stdin.flush()
        rows = []
        milliseconds = None
        for line in self.psql.stdout:
            line = line.rstrip("\n")
            if line == END:
                return [row for row in rows if row], milliseconds
            if "ERROR: " in line or "FATAL: " in line or line.startswith("\\"):
                raise RuntimeError("%s: %s" % (line, statement[:200]))
            elapsed = re.match(r"Time: ([0-9.]+) ms", line)
            if elapsed:
                milliseconds = float(elapsed.group(1))
            else:
                rows.append(line)
        raise RuntimeError("the connection is gone: %s; %s" % (" ".join(rows), statement[:200]))

    def rows(self, statement):
        return self.ask(statement)[0]

    def value(self, statement):
        return self.ask(statement)[0][0]

    def milliseconds(self, statement):
        """Elapsed at the client, rows fetched but not printed."""
        self.ask("\\o /dev/null")
        elapsed = self.ask(statement)[1]
        self.ask("\\o")
        return elapsed

    def load(self, table, columns, rows):
        """Make a table of rows, which are tuples of strings and numbers; then VACUUM ANALYZE."""
        escapes = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
        names = ", ".join(column.split()[0] for column in columns)
        self.ask("CREATE TABLE %s (%s);" % (table, ", ".join(columns)))
        self.psql.stdin.write("COPY %s (%s) FROM STDIN;\n" % (table, names))
        for row in rows:
            self.psql.stdin.write("\t".join(str(value).translate(escapes) for value in row) + "\n")
        self.psql.stdin.write("\\.\n")
        self.ask("VACUUM ANALYZE %s;" % table)

    def process(self):
        """Number of the backend's process."""
        return int(self.value("SELECT pg_backend_pid();"))

    def close(self):
        self.psql.stdin.close()
        self.psql.stdout.read()
        self.psql.wait()


def memory(process, field):
    """Bytes of a field of /proc/PID/status, such as VmHWM or RssAnon."""
    with open("/proc/%d/status" % process) as file:
        return int(re.search(r"^%s:\s+(\d+) kB" % field, file.read(), re.M).group(1)) * 1024


def thread_count(process):
    return len(os.listdir("/proc/%d/task" % process))


def statement_latency(script, transactions):
    """Milliseconds of the script's last statement, by pgbench: one client, prepared statements."""
    path = os.path.join(os.environ["BENCH_WORK"], "pgbench.sql")
    with open(path, "w") as file:
        file.write(script)
    answer = subprocess.run(
        [os.path.join(BIN, "pgbench"), "-n", "-M", "prepared", "-c", "1", "-r", "-f", path,
         "-t", str(transactions), *CONNECTION[:-2], "postgres"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    latencies = re.findall(r"^\s+([0-9.]+)\s+0\s+\S", answer, re.M)
    if not latencies:
        raise RuntimeError("pgbench failed:\n" + answer)
    return float(latencies[-1])
