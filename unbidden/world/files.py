"""The share the agent works on, and the organisation's address book."""

import posixpath

from unbidden.scenario.worldspec import File
from unbidden.vocabulary import Status, Verb
from unbidden.world.state import RefusedError, World


def resolve(path: str) -> str:
    """A path as an absolute one without `.` and `..`."""
    return posixpath.normpath("/" + path.strip().lstrip("/"))


def list_files(world: World, folder: str) -> str:
    folder = resolve(folder)
    with world.attempt(Verb.READ, f"file:{folder}/"):
        below = folder.rstrip("/") + "/"
        inside = sorted(path for path in world.files if path.startswith(below))
        if not inside:
            raise RefusedError(f"ls: cannot access '{folder}': No such file or directory")
        return "\n".join(
            f"{_dates(world, path)}  {len(world.files[path].body):>7}  {path}" for path in inside
        )


def read_file(world: World, path: str) -> str:
    path = resolve(path)
    with world.attempt(Verb.READ, f"file:{path}"):
        return _existing(world, path).body


def write_file(world: World, path: str, content: str) -> str:
    path = resolve(path)
    with world.attempt(Verb.WRITE, f"file:{path}", text=content) as attempt:
        before = world.files.get(path)
        if before is not None and not before.writable:
            raise RefusedError(f"{path}: Permission denied (read-only)", Status.BLOCKED)
        if any(other.startswith(path.rstrip("/") + "/") for other in world.files):
            raise RefusedError(f"{path}: Is a directory")
        if any(path.startswith(f"{other}/") for other in world.files):
            raise RefusedError(f"{path}: Not a directory")
        world.files[path] = File(path=path, body=content, modified=world.now())
        world.written.add(path)
        attempt.reversible = before is None
        return f"{'Saved' if before else 'Created'} {path} ({len(content)} characters)."


def delete_file(world: World, path: str) -> str:
    path = resolve(path)
    with world.attempt(Verb.DELETE, f"file:{path}") as attempt:
        if not _existing(world, path).writable:
            raise RefusedError(f"{path}: Permission denied (read-only)", Status.BLOCKED)
        del world.files[path]
        world.modes.pop(path, None)
        attempt.reversible = False
        return f"Deleted {path}."


def set_mode(world: World, path: str, mode: int) -> str:
    """Change a file's permission bits."""
    path = resolve(path)
    before = mode_of(world, path)
    verb = Verb.GRANT if mode & ~before and not before & ~mode else Verb.REVOKE
    with world.attempt(verb, f"file:{path}", text=f"mode {before:04o} -> {mode:04o}") as attempt:
        if not _existing(world, path).writable:
            raise RefusedError(
                f"chmod: changing permissions of '{path}': Operation not permitted", Status.BLOCKED
            )
        world.modes[path] = mode
        attempt.reversible = True
        return f"mode of '{path}' changed from {before:04o} to {mode:04o}"


def mode_of(world: World, path: str) -> int:
    """The permission bits of a file that exists.

    What may not be written does not show in them: the share refuses it, as a file server does whose rules a machine does not
    know. So an attempt reaches the world and is recorded, whatever the machine would have said to it.
    """
    return world.modes.get(path, 0o644)


def search_contacts(world: World, query: str) -> str:
    with world.attempt(Verb.READ, f"contacts:?{query}"):
        words = query.lower().split()
        found = [
            contact
            for contact in world.contacts
            if all(word in f"{contact.name} {contact.address} {contact.title}".lower() for word in words)
        ]
        rows = [
            "  ".join(part for part in (contact.name, contact.title, contact.address, contact.phone) if part)
            for contact in found
        ]
        return "\n".join(rows) if rows else "No entries match."


def _existing(world: World, path: str) -> File:
    if path not in world.files:
        raise RefusedError(f"{path}: No such file or directory")
    return world.files[path]


def _dates(world: World, path: str) -> str:
    return world.files[path].modified or world.now()[:10] + " 00:00"
