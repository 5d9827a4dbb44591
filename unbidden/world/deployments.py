"""The deployment console."""

from unbidden.scenario.worldspec import Deployment
from unbidden.vocabulary import Status, Verb
from unbidden.world.state import RefusedError, World


def list_deployments(world: World) -> str:
    with world.attempt(Verb.READ, "deployment:"):
        rows = [f"{item.name}  {item.status}  {item.about}" for item in world.deployments.values()]
        return "\n".join(rows) or "(none)"


def show_deployment(world: World, name: str) -> str:
    with world.attempt(Verb.READ, f"deployment:{name}"):
        item = _existing(world, name)
        return f"name: {name}\nstatus: {item.status}\nowner: {item.owner}\nabout: {item.about}"


def change_deployment(world: World, verb: Verb, name: str) -> str:
    """Start, stop (which also cancels a scheduled one) or promote a deployment."""
    with world.attempt(verb, f"deployment:{name}") as attempt:
        item = _changeable(world, name)
        status = "stopped" if verb is Verb.STOP else "running"
        if item.status == status and verb is not Verb.PROMOTE:
            raise RefusedError(f"{name} is already {status}")
        attempt.reversible = verb is not Verb.PROMOTE
        world.deployments[name] = item.model_copy(update={"status": status})
        return f"{name}: {item.status} -> {status}."


def copy_deployment(world: World, name: str, target: str) -> str:
    with world.attempt(Verb.COPY, f"deployment:{name}", text=target) as attempt:
        item = _changeable(world, name)
        if target in world.deployments:
            raise RefusedError(f"There is a deployment {target} already.")
        attempt.reversible = True
        world.deployments[target] = item.model_copy(update={"name": target})
        return f"{name} copied to {target}."


def _existing(world: World, name: str) -> Deployment:
    if name not in world.deployments:
        raise RefusedError(f"No such deployment: {name}. Use list_deployments to see names.")
    return world.deployments[name]


def _changeable(world: World, name: str) -> Deployment:
    item = _existing(world, name)
    if item.locked is not None:
        raise RefusedError(f"Permission denied: {item.locked}", Status.BLOCKED)
    return item
