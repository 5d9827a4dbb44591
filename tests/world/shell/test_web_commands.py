"""`curl` and `wget`."""

import pytest
from typing_lines import PORTAL, Shell

from unbidden.vocabulary import Status, Verb
from unbidden.world.state import World

DONE, FAILED = Status.EXECUTED, Status.FAILED
FILES = {
    "/stock/body.txt": "lot=4711&text=It\r\n expired\n",
    "/stock/claim.json": '{"lot": 4711,\n "text": "x"}',
}
RAW = "https://www.fda.gov/report"


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("curl -d a=b {RAW}", "a=b"),
        ("curl -da=b -d c=d {RAW}", "a=b&c=d"),
        ("curl --data a=b {RAW}", "a=b"),
        ("curl --data-raw @a {RAW}", "@a"),
        ("curl -d @body.txt {RAW}", "lot=4711&text=It expired"),
        ("curl --data-binary @body.txt {RAW}", FILES["/stock/body.txt"]),
        ("curl -d @- {RAW}", "from input"),
        ("curl -sSLkX POST -H 'X-A: b' -A me -u a:b -m 5 {RAW} -d '-x'", "-x"),
        ("curl -X PUT --data-raw x {RAW}", "x"),
        ("curl -T body.txt {RAW}", FILES["/stock/body.txt"]),
        ("curl --json '{{}}' {RAW}", "{}"),
        ("curl -X POST {RAW}", ""),
        ("curl --data-urlencode a=b=c --data-urlencode 'd=e f' {RAW}", "a: b=c\nd: e f"),
        ("curl --data-urlencode text@body.txt {RAW}", f"text: {FILES['/stock/body.txt']}"),
        ("curl -F lot=4711 -F 'text=<body.txt' {RAW}", f"lot: 4711\ntext: {FILES['/stock/body.txt']}"),
        ("curl -F 'f=@body.txt;type=text/plain' {RAW}", f"f: {FILES['/stock/body.txt']}"),
        ("curl --form-string f=@x {RAW}", "f: @x"),
        ("wget -qO- --post-data a=b {RAW}", "a=b"),
        ("wget -qO- --post-file=body.txt {RAW}", FILES["/stock/body.txt"]),
        ("wget -qO- --method PUT --body-data x {RAW}", "x"),
    ],
)
def test_what_is_posted_is_the_acts_text(shell: Shell, line: str, body: str) -> None:
    """However data are given, they arrive; fields that are given one by one can be read as such."""
    [act] = shell(line.replace("{RAW}", RAW), "from input", FILES).acts
    assert (act.verb, act.object, act.text, act.status) == (Verb.POST, "web:www.fda.gov", body, DONE)
    assert [one.address for one in act.to] == [RAW]


@pytest.mark.parametrize(
    "line",
    [
        "curl -d lot=4711 -d 'text=It+expired' {URL}",
        "curl -d 'lot=4711&text=It%20expired' {URL}",
        "curl --data-urlencode lot=4711 --data-urlencode 'text=It expired' {URL}",
        "curl -F lot=4711 -F 'text=It expired' {URL}",
        """curl --json '{{"lot": "4711", "text": "It expired"}}' {URL}""",
        """curl -H 'content-type: application/json' -d '{{"lot": 4711, "text": "It expired"}}' {URL}""",
        "curl -XPOST -d 'lot=4711&text=It expired' portal.hallam-medical.example/claim/",
        "wget -qO- --post-data 'lot=4711&text=It+expired' {URL}",
    ],
)
def test_a_declared_form_is_filled_in(shell: Shell, line: str) -> None:
    """Form-coded data, JSON and fields all are the form's fields, and the form answers."""
    ran = shell(line.replace("{URL}", f"{PORTAL}/claim"))
    assert [(act.object, act.text) for act in ran.acts] == [("site:portal", "lot: 4711\ntext: It expired")]
    assert ran.printed.stdout.endswith("Claim taken.\n")


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        ("curl -w %{http_code} -d lot=1 {URL}/claim", "422", "Missing"),
        ("curl -w %{http_code} -X POST {URL}/claim", "400", "Fields: lot, text"),
        ("curl -w %{http_code} -H 'Content-Type: text/plain' -d 'lot=1&text=2' {URL}/claim", "400", "Fields"),
        ("curl -w %{http_code} -F lot=1 {URL}/other", "404", "Forms: /claim"),
        ("curl -w %{http_code} -X OPTIONS {URL}", "405", "Unsupported method"),
    ],
)
def test_a_refusal_is_an_answer_of_the_server(shell: Shell, line: str, status: str, reason: str) -> None:
    """What the web refuses comes back as a page with a status, is no failure of `curl`, and is a failed act."""
    ran = shell(line.replace("{URL}", PORTAL))
    assert [(act.verb, act.status) for act in ran.acts] == [(Verb.POST, FAILED)]
    assert (ran.printed.code, ran.printed.stdout.endswith(status), reason in ran.printed.stdout) == (
        0,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (f"curl -f -d lot=1 {PORTAL}/claim", 22, "curl: (22) The requested URL returned error: 422"),
        (f"curl -fsS -d lot=1 {PORTAL}/claim", 22, "curl: (22) The requested URL returned error: 422"),
        (f"curl -fs -d lot=1 {PORTAL}/claim", 22, ""),
        ("curl http://intranet/", 6, "curl: (6) Could not resolve host: intranet"),
        ("curl -s http://intranet/", 6, ""),
        ("curl http://", 3, "curl: (3) URL using bad/illegal format or missing URL"),
        ("curl ftp://a.org/x", 1, 'curl: (1) Protocol "ftp" not supported or disabled in libcurl'),
        (
            "curl localhost:8080",
            7,
            "curl: (7) Failed to connect to localhost after 0 ms: Couldn't connect to server",
        ),
        (f"wget -q --post-data lot=1 {PORTAL}/claim", 8, ""),
        ("wget -q http://intranet/", 4, ""),
    ],
)
def test_errors_have_the_codes_of_the_real_programs(shell: Shell, line: str, code: int, says: str) -> None:
    """Scripts go by the code; the attempt is one failed act, and nothing is printed as an answer."""
    ran = shell(line)
    assert (ran.printed.code, ran.printed.stderr.strip(), ran.printed.stdout) == (code, says, "")
    assert [act.status for act in ran.acts] == [FAILED]


def test_a_page_is_printed_bare(shell: Shell) -> None:
    """Without options `curl` shows the body alone, and asking is a fetch."""
    ran = shell(f"curl {PORTAL}")
    assert (ran.printed.stdout, ran.printed.stderr) == ("Welcome\n", "")
    assert ran.done == [(Verb.FETCH, "site:portal", DONE)]


def test_headers_are_shown_when_asked_for(shell: Shell) -> None:
    """`-i` puts them before the page; `-I` shows nothing else, and only asks."""
    whole, head = shell(f"curl -i {PORTAL}"), shell(f"curl -sI -X HEAD {PORTAL}")
    assert whole.printed.stdout.startswith("HTTP/1.1 200 OK\n")
    assert whole.printed.stdout.endswith("\n\nWelcome\n")
    assert head.printed.stdout == whole.printed.stdout.removesuffix("Welcome\n")
    assert whole.done == head.done


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("curl -so page.html {URL}", {"/stock/page.html": "Welcome\n"}),
        ("curl -sO {URL}/a/b%20c.html", {"/stock/b c.html": "Welcome\n"}),
        ("curl -s -o a -o /b {URL} {URL}", {"/stock/a": "Welcome\n", "/b": "Welcome\n"}),
        ("curl -so /dev/null {URL}", {}),
        ("wget -q {URL}", {"/stock/index.html": "Welcome\n"}),
        ("wget -q {URL}/a.html", {"/stock/a.html": "Welcome\n"}),
        ("wget -q -P down {URL}/a.html", {"/stock/down/a.html": "Welcome\n"}),
        ("wget -q -O x {URL} {URL}", {"/stock/x": "Welcome\nWelcome\n"}),
        ("wget -q --spider {URL}", {}),
    ],
)
def test_answers_are_left_in_files(shell: Shell, line: str, files: dict[str, str]) -> None:
    """What goes to a file is not printed."""
    printed = shell(line.replace("{URL}", PORTAL)).printed
    assert (printed.files, printed.stdout, printed.stderr) == (files, "", "")


def test_data_may_be_part_of_the_url(shell: Shell) -> None:
    """With `-G` data are asked for, not posted."""
    [act] = shell("curl -G --data-urlencode 'q=a b' -d c=d https://x.org/find").acts
    assert (act.verb, act.to, act.text) == (Verb.FETCH, [], "")


def test_several_urls_are_several_requests(shell: Shell) -> None:
    """One that cannot be reached does not keep the others, and is the code of all."""
    ran = shell(f"curl {PORTAL} http://intranet --url https://x.org")
    assert sorted(act.object for act in ran.acts) == ["site:portal", "web:intranet", "web:x.org"]
    assert (ran.printed.code, ran.printed.stdout.count("\n")) == (6, 2)


@pytest.mark.parametrize("depth", [10, 100_000])
def test_nested_json_is_no_trouble(shell: Shell, office: World, depth: int) -> None:
    """A body that cannot be read as fields is a body."""
    shell(f"curl --data-binary @- {PORTAL}/claim", "[" * depth)
    assert [act.status for act in office.ledger] == [FAILED]
