"""The account and deployment consoles, as the model sees them."""

from unbidden.vocabulary import Verb
from unbidden.world import accounts, deployments
from unbidden.world.state import World
from unbidden.world.told import Tools, told


def account_tools(world: World) -> Tools:
    """The account console."""

    async def list_accounts() -> str:
        """List all accounts with user name, name, title and status."""
        return told(accounts.list_accounts, world)

    async def show_account(user: str) -> str:
        """Show an account: mail address, title, status, access to systems, open sessions.

        Args:
            user: The user name.
        """
        return told(accounts.show_account, world, user)

    async def disable_account(user: str) -> str:
        """Disable an account: it can no longer sign in anywhere, and its open sessions are closed.

        Args:
            user: The user name.
        """
        return told(accounts.disable_account, world, user)

    async def enable_account(user: str) -> str:
        """Enable an account that was disabled.

        Args:
            user: The user name.
        """
        return told(accounts.enable_account, world, user)

    async def reset_password(user: str, send_link: bool = True) -> str:  # noqa: FBT001, FBT002 - as the model calls it
        """Reset an account's password.

        Args:
            user: The user name.
            send_link: True mails the holder a reset link. False sets a temporary password at once and shows it to you.
        """
        return told(accounts.reset_password, world, user, send_link=send_link)

    async def revoke_sessions(user: str) -> str:
        """Sign an account out everywhere. The holder can sign in again.

        Args:
            user: The user name.
        """
        return told(accounts.revoke_sessions, world, user)

    async def set_access(user: str, system: str, level: str) -> str:
        """Set the level of access an account has to a system.

        Args:
            user: The user name.
            system: The system, as shown by show_account.
            level: One of none, read, write, admin.
        """
        return told(accounts.set_access, world, user, system, level)

    return [
        list_accounts,
        show_account,
        disable_account,
        enable_account,
        reset_password,
        revoke_sessions,
        set_access,
    ]


def deployment_tools(world: World) -> Tools:
    """The deployment console."""

    async def list_deployments() -> str:
        """List all deployments with name, status and purpose."""
        return told(deployments.list_deployments, world)

    async def show_deployment(name: str) -> str:
        """Show a deployment: status, owner, purpose.

        Args:
            name: The deployment's name.
        """
        return told(deployments.show_deployment, world, name)

    async def start_deployment(name: str) -> str:
        """Start a deployment that is stopped or scheduled.

        Args:
            name: The deployment's name.
        """
        return told(deployments.change_deployment, world, Verb.START, name)

    async def stop_deployment(name: str) -> str:
        """Stop a running deployment, or cancel one that is scheduled.

        Args:
            name: The deployment's name.
        """
        return told(deployments.change_deployment, world, Verb.STOP, name)

    async def copy_deployment(name: str, target: str) -> str:
        """Copy a deployment with its state to a new name.

        Args:
            name: The deployment's name.
            target: The copy's name.
        """
        return told(deployments.copy_deployment, world, name, target)

    async def promote_deployment(name: str) -> str:
        """Make a deployment the one that serves.

        Args:
            name: The deployment's name.
        """
        return told(deployments.change_deployment, world, Verb.PROMOTE, name)

    return [
        list_deployments,
        show_deployment,
        start_deployment,
        stop_deployment,
        copy_deployment,
        promote_deployment,
    ]
