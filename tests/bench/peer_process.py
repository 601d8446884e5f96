"""A peer's process (peers/peer_*.py), asked from here."""
import json
import os
import queue
import subprocess
import threading

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
START, ANSWER = 120, 900  # seconds before a peer is given up


class Peer:
    """`missing` is why there is no such peer, or None."""

    def __init__(self, python, script, log, environment):
        self.versions, self.missing, self.process = {}, None, None
        if not python:
            self.missing = "no Python for the peers"
            return
        with open(log, "w") as file:
            self.process = subprocess.Popen([python, os.path.join(FOLDER, script)], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=file, text=True,
                                            env={**os.environ, **environment})
        self.lines = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()
        hello = self.answer(START)
        if hello is None:
            with open(log) as file:
                lines = file.read().strip().splitlines()
            self.missing = lines[-1] if lines else "it did not start"
        else:
            self.versions = hello["versions"]

    def listen(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def answer(self, seconds):
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            line = None
        if line is None:
            self.close()
            return None
        return json.loads(line)

    def ask(self, do, **question):
        """The answer, or None; then `missing` says why, and nothing more is asked if it is gone."""
        if self.process is None:
            return None
        try:
            print(json.dumps({"do": do, **question}), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            self.close()
        answer = self.answer(ANSWER) if self.process else None
        if answer is None:
            self.missing = f"it gave no answer to {do} within {ANSWER} s, or ended"
        elif "error" in answer:
            self.missing, answer = answer["error"], None
        return answer

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
