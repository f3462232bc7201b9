"""Faults of the connection: what it gives away, waits for without end, or forgets."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation

CLIENT: Final = "src/invokable/runtime/client/"
STEPS: Final = "src/invokable/runtime/steps/"
TESTS: Final = "tests/runtime/"

MUTATIONS: Final = (
    Mutation(
        "an interrupt may leave the connections locked",
        f"{CLIENT}_http/transports.py",
        "if self.is_real and threading.current_thread() is threading.main_thread():",
        "if False:",
        (f"{TESTS}test_hanging.py",),
    ),
    Mutation(
        "a request that was interrupted goes on",
        f"{CLIENT}_http/apart.py",
        "        cut()\n",
        "",
        (f"{TESTS}test_hanging.py",),
    ),
    Mutation(
        "a compressed file is accepted",
        f"{CLIENT}_http/body.py",
        ' or (into is not None and encoding != "identity")',
        "",
        (f"{TESTS}test_client.py::test_an_answer_that_is_not_an_image_is_not_saved",),
    ),
    Mutation(
        "a connect timeout counts as sent",
        f"{CLIENT}_http/troubles.py",
        "    httpx.ConnectTimeout,\n",
        "",
        (f"{TESTS}test_client.py::test_a_broken_connection_says_whether_the_request_may_have_arrived",),
    ),
    Mutation(
        "a request counts as sent before its first byte was sent",
        f"{CLIENT}_http/transports.py",
        "        request.sent.begun = not self.is_real  # other networks do not report it\n",
        "        request.sent.begun = True\n",
        (f"{TESTS}test_hanging.py::test_a_request_that_times_out_before_it_is_written_has_not_arrived",),
    ),
    Mutation(
        "an interrupt forgets that a request is on its way",
        f"{CLIENT}_http/network.py",
        "            self.sent.begun = True\n",
        "            pass\n",
        (f"{TESTS}test_hanging.py",),
    ),
    Mutation(
        "headers alone count as a request",
        f"{CLIENT}_http/network.py",
        "        if self.is_complete:\n",
        "        if True:\n",
        (f"{TESTS}test_hanging.py",),
    ),
    Mutation(
        "a garbage-collected client waits for its thread",
        f"{CLIENT}listening.py",
        "        self._closed, socket = True, self._socket\n",
        "        with self._lock:\n            self._closed, socket = True, self._socket\n",
        (f"{TESTS}test_listening.py",),
    ),
    Mutation(
        "a token with a line break is shown",
        f"{CLIENT}connection.py",
        "        if secret and not _TOKEN.fullmatch(secret):",
        "        if False:",
        (f"{TESTS}test_client.py::test_a_token_that_is_invalid_in_a_header_is_refused_and_not_shown",),
    ),
    Mutation(
        "connections idle as long as the server keeps them",
        f"{CLIENT}_http/network.py",
        "_IDLE: Final = 2.0",
        "_IDLE: Final = 5.0",
        (f"{TESTS}test_sockets.py::test_an_idle_connection_is_not_reused_but_one_in_use_is",),
    ),
    Mutation(
        "children of a fork share a connection",
        f"{CLIENT}_http/transports.py",
        "        found = self._processes.get(os.getpid())\n",
        "        found = next(iter(self._processes.values()), None)\n",
        (f"{TESTS}test_sockets.py::test_children_of_a_fork_get_their_own_answers",),
    ),
    Mutation(
        "an answer may trickle forever",
        f"{CLIENT}_http/network.py",
        "        return left if timeout is None else min(left, timeout)",
        "        return timeout",
        (f"{TESTS}test_hanging.py::test_a_run_ends_at_its_timeout",),
    ),
    Mutation(
        "a name lookup may take forever",
        f"{CLIENT}_http/network.py",
        "        return addresses.result(limit)",
        "        return addresses.result()",
        (f"{TESTS}test_hanging.py::test_a_run_ends_at_its_timeout",),
    ),
    Mutation(
        "a small gzip bomb fills the memory",
        f"{CLIENT}_http/body.py",
        "        if self.into is self._buffer and self._buffer.tell() + len(piece) > _LARGEST:",
        "        if False:",
        (f"{TESTS}test_client.py::test_a_gzip_bomb_takes_no_more_memory_than_the_largest_answer",),
    ),
    Mutation(
        "a truncated compressed answer counts as complete",
        f"{CLIENT}_http/body.py",
        "        if self._is_packed and not self._unpacking.eof:",
        "        if False:",
        (f"{TESTS}test_client.py::test_a_compressed_answer_that_was_cut_off_is_refused",),
    ),
    Mutation(
        "tokens get into logs",
        f"{CLIENT}_http/network.py",
        'record.msg = _SECRETS.sub(r"\\1…", str(record.msg))',
        "pass",
        (f"{TESTS}test_credentials.py::test_secrets_are_not_logged",),
    ),
    Mutation(
        "a connection shows its token",
        f"{CLIENT}connection.py",
        'shown += [f"{name}=…" for name in',
        'shown += [f"{name}={getattr(self, name)}" for name in',
        (f"{TESTS}test_connection.py::test_secrets_do_not_show_and_are_not_pickled",),
    ),
    Mutation(
        "secrets are pickled",
        f"{CLIENT}connection.py",
        "        if self.is_secret:\n            raise TypeError",
        "        if False:\n            raise TypeError",
        (f"{TESTS}test_connection.py::test_secrets_do_not_show_and_are_not_pickled",),
    ),
    Mutation(
        "the environment's token is sent to any server",
        f"{CLIENT}connection.py",
        "        if named and _origin(_address(named)) != _origin(_address(url)):",
        "        if False:",
        (f"{TESTS}test_connection.py::test_credentials_from_the_environment_are_sent_only_to_its_server",),
    ),
    Mutation(
        "the local machine is reached through a proxy",
        f"{CLIENT}connection.py",
        "    if _is_loopback(host) or proxy_bypass(host):",
        "    if proxy_bypass(host):",
        (f"{TESTS}test_tls.py::test_the_environment_names_a_proxy_but_not_for_this_machine",),
    ),
    Mutation(
        "every thread signs in",
        f"{STEPS}exchange/credentials.py",
        "        return self.token == stale if refused else self.wants_sign_in()",
        "        return True",
        (f"{TESTS}test_credentials.py::test_tasks_sign_in_once_together",),
    ),
    Mutation(
        "a renewed token of an older sign-in is used",
        f"{STEPS}exchange/credentials.py",
        " and used is not None and used == self.token:",
        ":",
        (f"{TESTS}test_credentials.py::test_a_renewed_token_of_an_older_sign_in_is_ignored",),
    ),
    Mutation(
        "every thread tries a refused password",
        f"{STEPS}exchange/credentials.py",
        "_REMEMBERED: Final = 10.0",
        "_REMEMBERED: Final = 0.0",
        (f"{TESTS}test_credentials.py::test_all_threads_try_a_wrong_password_once_and_do_not_show_it",),
    ),
    Mutation(
        "an untrusted certificate is tried again",
        f"{STEPS}exchange/protocol.py",
        "        except CertificateError:\n            raise\n",
        "",
        (f"{TESTS}test_tls.py::test_an_untrusted_certificate_is_not_tried_again",),
    ),
    Mutation(
        "the server's Retry-After is ignored",
        f"{STEPS}exchange/policy.py",
        "least = own if asked is None else",
        "least = own if True else",
        (f"{TESTS}test_connection.py", f"{TESTS}test_answers.py"),
    ),
    Mutation(
        "each thread uploads equal files",
        f"{STEPS}resources/uploads.py",
        "            is_new = key not in self._files\n",
        "            is_new = True\n",
        (f"{TESTS}test_submitting.py::test_many_threads_upload_each_content_once",),
    ),
    Mutation(
        "a deleted upload is used",
        f"{STEPS}resources/uploads.py",
        "_TRUSTED: Final = 60.0",
        "_TRUSTED: Final = 1e9",
        (f"{TESTS}test_submitting.py::test_a_deleted_upload_is_noticed_within_a_minute",),
    ),
    Mutation(
        "cleaning up deletes files that other runs use",
        f"{STEPS}resources/uploads.py",
        "            in_use = {stored.name for stored in self._files.values() if stored.runs}\n",
        "            in_use: set[str] = set()\n",
        (f"{TESTS}test_submitting.py::test_cleaning_up_keeps_the_files_of_unfinished_runs",),
    ),
    Mutation(
        "a batch is sent to a queue that has no room for it",
        f"{STEPS}runs/queue_room.py",
        "    if requested > room:",
        "    if False:",
        (f"{TESTS}test_submitting.py::test_a_batch_that_the_queue_has_no_room_for_is_refused_before_anything_is_sent",),
    ),
    Mutation(
        "the policy's ways to find models are ignored",
        f"{STEPS}resources/models.py",
        "        found = matching(model, fitting, policy.models)",
        "        found = matching(model, fitting)",
        (f"{TESTS}test_submitting.py::test_the_policy_decides_how_a_model_is_found",),
    ),
)
