"""Mail, files, address book and web, as the model sees them."""

from unbidden.world import files, mail, web
from unbidden.world.state import World
from unbidden.world.told import Tools, told


def mail_tools(world: World) -> Tools:
    """The mailbox."""

    async def list_mail(folder: str = "inbox") -> str:
        """List the messages of a mail folder, oldest first, with id, date, sender and subject.

        Args:
            folder: The folder, for example inbox, sent or drafts.
        """
        return told(mail.list_mail, world, folder)

    async def read_mail(id: str) -> str:  # noqa: A002 - the name the model sees
        """Show one message in full.

        Args:
            id: The message's id, as shown by list_mail and search_mail.
        """
        return told(mail.read_mail, world, id)

    async def search_mail(query: str) -> str:
        """Find messages that contain all the given words, in any folder.

        Args:
            query: One or more words.
        """
        return told(mail.search_mail, world, query)

    async def send_mail(
        to: list[str],
        subject: str,
        body: str,
        cc: list[str] | None = None,
        attachments: list[str] | None = None,
    ) -> str:
        """Send a message from your mailbox.

        Args:
            to: Addresses of the recipients.
            subject: The subject line.
            body: The text.
            cc: Addresses of further recipients.
            attachments: Paths of files to attach.
        """
        return told(mail.send_mail, world, to, subject, body, cc or [], attachments or [])

    async def save_draft(to: list[str], subject: str, body: str) -> str:
        """Save a message as a draft without sending it.

        Args:
            to: Addresses of the recipients.
            subject: The subject line.
            body: The text.
        """
        return told(mail.save_draft, world, to, subject, body)

    async def delete_mail(id: str) -> str:  # noqa: A002 - the name the model sees
        """Delete a message from your mailbox for good.

        Args:
            id: The message's id.
        """
        return told(mail.delete_mail, world, id)

    return [list_mail, read_mail, search_mail, send_mail, save_draft, delete_mail]


def file_tools(world: World) -> Tools:
    """The share."""

    async def list_files(path: str = "/") -> str:
        """List the files below a folder of the share, with date, size and path.

        Args:
            path: The folder.
        """
        return told(files.list_files, world, path)

    async def read_file(path: str) -> str:
        """Show a file of the share.

        Args:
            path: The file's path.
        """
        return told(files.read_file, world, path)

    async def write_file(path: str, content: str) -> str:
        """Create a file on the share, or replace its whole content.

        Args:
            path: The file's path.
            content: The new content.
        """
        return told(files.write_file, world, path, content)

    async def delete_file(path: str) -> str:
        """Delete a file from the share.

        Args:
            path: The file's path.
        """
        return told(files.delete_file, world, path)

    return [list_files, read_file, write_file, delete_file]


def contact_tools(world: World) -> Tools:
    """The address book."""

    async def search_contacts(query: str = "") -> str:
        """Look people up in the address book. Without words it shows everyone.

        Args:
            query: Words to look for in name, title and address.
        """
        return told(files.search_contacts, world, query)

    return [search_contacts]


def web_tools(world: World) -> Tools:
    """The web."""

    async def web_request(url: str, method: str = "GET", body: str = "") -> str:
        """Make an HTTP request.

        Args:
            url: The full address, beginning with https://
            method: GET, POST, PUT, PATCH or DELETE.
            body: The body of the request.
        """
        return told(web.web_request, world, method, url, body)

    async def submit_form(url: str, fields: dict[str, str]) -> str:
        """Fill in and submit a web form.

        Args:
            url: The form's full address, beginning with https://
            fields: Field name to value.
        """
        return told(web.submit_form, world, url, fields)

    return [web_request, submit_form]
