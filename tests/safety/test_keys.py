"""Which values of the environment are keys, and every spelling in which they are hidden."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.errors import BadInputError
from unbidden.keys import HIDDEN, hidden, keys_held, must_hold_no_key, names_a_key, without_keys

CANARY = "cnry-0a1b2c3d4e"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment without anybody's own keys."""
    with monkeypatch.context() as patched:
        for name in list(os.environ):
            patched.delenv(name)
        yield


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", f"{CANARY}\r"),
        ("OPENAI_API_KEY", f' "{CANARY}" '),
        ("PGPASSWORD", CANARY),
        ("GITHUBTOKEN", CANARY),
        ("OPENAIKEY", CANARY),
        ("DB_PASS", CANARY),
        ("SSHPASS", CANARY),
        ("CI_CREDS", CANARY),
        ("HTTP_AUTH", f"Bearer {CANARY}"),
        ("OPENAI_API_KEYS", f"other-9z8y7x6w,{CANARY}"),
        ("API_TOKENS", f"other-9z8y7x6w; {CANARY}"),
        ("CLIENT_SECRETS", f"other-9z8y7x6w\r\n{CANARY}\r\n"),
        ("SERVICE_ACCOUNT_KEY", json.dumps({"type": "service_account", "private_key": CANARY})),
        ("API_KEYS", json.dumps(["other-9z8y7x6w", CANARY])),
        ("API_KEYS", json.dumps({"prod": {"a": f"{CANARY}-more"}})),
        ("REMOTE", f"https://{CANARY}-more@github.example/x.git"),
        ("REMOTE", f"https://me:{CANARY}@github.example/x.git"),
        ("HOOK", f"https://hooks.example/x?a=b&token={CANARY}"),
        ("STORE", f"Endpoint=sb://x.example;SharedAccessKey={CANARY};Entity=y"),
    ],
)
def test_a_key_is_hidden_however_its_variable_holds_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With line ends and quotes around it, among several, in JSON, in an address; and names are not always written in words."""
    monkeypatch.setenv(name, value)
    more = "-more" if f"{CANARY}-more" in value else ""
    assert CANARY not in without_keys(f"Illegal header value b'Bearer {CANARY}{more}\\r'")


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("postgres://me:{}@db.example/x", "abc/defg/1"),
        ("postgres://me:{}@db.example/x", "abc@defg@1"),
        ("postgres://me:{}@db.example/x", "abc%40defg"),
        ("redis://:{}@cache.example:6379", "abcdefgh1"),
    ],
)
def test_a_password_in_an_address_may_hold_marks(
    address: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slashes and at signs, which end the password for a strict reader, do not end it here."""
    monkeypatch.setenv("DATABASE_URL", address.format(password))
    assert without_keys(f"login with {password} failed") == f"login with {HIDDEN} failed"


def test_a_number_may_be_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long one is; a shorter one is a limit."""
    monkeypatch.setenv("MYSQL_PWD", "1234567890")
    monkeypatch.setenv("MAX_TOKENS", "12345678")
    assert without_keys("1234567890 and 12345678") == f"{HIDDEN} and 12345678"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEYBOARD", "pc105-dvorak"),
        ("MONKEY", "chimpanzee"),
        ("TOKENIZERS_PARALLELISM", "disabled-for-tests"),
        ("SSH_AUTH_SOCK", "/nowhere/agent.1234"),
        ("XDG_SESSION_TYPE", "wayland-0"),
        ("XAUTHORITY", "/nowhere/Xauthority"),
        ("GIT_AUTHOR_NAME", "Mary Bystander"),
        ("PASSENGER_APP_ENV", "production"),
        ("COMPASS", "north-east"),
        ("PWD", "/nowhere/project"),
        ("OLDPWD", "/nowhere/project"),
        ("SSH_ASKPASS", "/nowhere/askpass"),
        ("SECRETARY", "Mary Bystander"),
        ("OPENAI_AUTH_URL", "https://auth.example/login"),
        ("AUTH_METHOD", "kerberos-5"),
        ("RPC_AUTH", "negotiate"),
        ("USE_TOKEN", "disabled"),
        ("TOKEN_RATE", "0.12345678"),
        ("SHORT_KEY", "abc1234"),
        ("PROXY", "http://proxy.example:8080/mail@host"),
    ],
)
def test_what_is_plainly_no_key_is_left(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word in the name by chance, a switch, a small number, an address without a password."""
    monkeypatch.setenv(name, value)
    assert keys_held() == ()


def test_paths_of_what_is_there_are_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a folder and a socket, whatever the variables are called."""
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    Path("key-file.json").touch()
    with socket.socket(socket.AF_UNIX) as there:
        there.bind("agent-socket")
        monkeypatch.setenv("APPLICATION_CREDENTIALS", "key-file.json")
        monkeypatch.setenv("SECRETS", str(tmp_path))
        monkeypatch.setenv("AGENT_AUTH", "agent-socket")
        assert keys_held() == ()


def test_a_path_that_may_not_be_looked_at_counts_as_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look must not raise: it happens with every message."""

    def refuse(_: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "is_file", refuse)  # as Python 3.11 does below a folder that is closed to us
    monkeypatch.setenv("SSL_KEY", str(tmp_path / "closed.pem"))
    assert without_keys(str(tmp_path / "closed.pem")) == HIDDEN


KEYS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)


@given(KEYS)
def test_a_key_is_found_in_every_spelling(key: str) -> None:
    """As it stands, in JSON, in JSON within JSON, in Python's own writing and in addresses."""
    key = f"cnry{key}cnry"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MY_SECRET", key)
        for written in (
            key,
            json.dumps({"sent": key}),
            json.dumps({"sent": key}, ensure_ascii=False),
            json.dumps(json.dumps([key])),
            repr([key]),
            quote(key, safe=""),
        ):
            assert "cnry" not in without_keys(written)


def test_keys_are_hidden_wherever_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """In names as in values, at any depth."""
    monkeypatch.setenv("MY_SECRET", CANARY)
    assert hidden({CANARY: [(CANARY, 1)], "n": None}) == {HIDDEN: [(HIDDEN, 1)], "n": None}


def test_a_changed_environment_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are looked up once for an environment, not once for a process."""
    monkeypatch.setenv("MY_SECRET", CANARY)
    assert without_keys(CANARY) == HIDDEN
    monkeypatch.setenv("MY_SECRET", "another-0a1b2c")
    assert without_keys(f"{CANARY} another-0a1b2c") == f"{CANARY} {HIDDEN}"


@pytest.mark.parametrize("name", ["x-api-key", "apiKey", "HF_TOKEN", "Authorization", "hf_token", "passwd"])
def test_options_are_named_like_variables(name: str) -> None:
    """With dashes and humps too."""
    assert names_a_key(name)


@pytest.mark.parametrize("options", [{"model_args": {"max_tokens": "4096", "use_token": "true"}}, {"a": 1}])
def test_ordinary_options_are_not_refused(options: dict[str, object]) -> None:
    """A limit of tokens is no token."""
    must_hold_no_key(options)


def test_an_option_with_keys_in_an_address_is_refused() -> None:
    """A password that holds a slash, and a token that stands for a user."""
    for address in ("https://me:abc/def@x.example", "https://0a1b2c3d4e5f6a7b8c@x.example"):
        with pytest.raises(BadInputError, match="holds a key"):
            must_hold_no_key({"model_base_url": address})
