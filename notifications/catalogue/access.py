"""Messages to people who sign in: links for passwords, the welcome letter, sign-ins, a test."""

from django.utils.translation import gettext_lazy as _

from notifications.catalogue.kinds import FOOT, PORTAL, SAMPLE_MOMENT, Field, Kind
from notifications.choices import Event, Mailbox
from notifications.values import Link

USER = (
    Field("user.name", _("Name of the person"), "Liis Tamm"),
    Field("user.login", _("Login of the person"), "liis"),
)
LINK = Field(
    "set_password_link",
    _("Link under which the person sets a password; works once"),
    Link("https://portal.example/password/MTI/set/"),
)
HELLO = _("Hello {{ user.name }},")

KINDS = (
    Kind(
        Event.SET_PASSWORD,
        purpose=_("Sent when a login is made, and when somebody has forgotten a password."),
        subject=_(
            "{% if is_invitation %}Set the password of your login {{ user.login }}"
            "{% else %}Set a new password for your login {{ user.login }}{% endif %}"
        ),
        body=(
            HELLO,
            _(
                "{% if is_invitation %}a login was made for you: {{ user.login }}"
                "{% else %}somebody asked for a new password of the login {{ user.login }}."
                "{% endif %}"
            ),
            _("Set the password: {{ set_password_link }}"),
            _(
                "The link works once, within three days.{% unless is_invitation %} If it was not"
                " you who asked, leave it alone: your password stays as it is.{% endunless %}"
            ),
            PORTAL,
            *FOOT,
        ),
        fields=(
            *USER,
            LINK,
            Field("is_invitation", _("Yes for a new login (for use with if)"), sample=True),
        ),
        mailbox=Mailbox.LOGIN,
    ),
    Kind(
        Event.WELCOME,
        purpose=_("Sent to a new customer's administrator, when you ask for it."),
        subject=_("Welcome to the portal of {{ sender.name }}"),
        body=(
            HELLO,
            _(
                "{{ customer.company }} is now a customer of {{ sender.name }}. In the portal you"
                " see your calls, your balance and your settings."
            ),
            _("Address  {{ portal_link }}\nLogin  {{ user.login }}"),
            _("Set your password: {{ set_password_link }}"),
            _(
                "The link works once, within three days. Later, “Forgotten password” on the sign-in"
                " page mails you another."
            ),
            *FOOT,
        ),
        fields=(*USER, LINK),
        mailbox=Mailbox.LOGIN,
    ),
    Kind(
        Event.SIGN_IN,
        purpose=_("Sent to a person who has signed in, where sign-in notification is on."),
        subject=_("{{ user.login }} signed in"),
        body=(
            HELLO,
            _("your login was used to sign in to the portal."),
            _(
                "Login  {{ user.login }}\nTime  {{ sign_in.at }}\nAddress  {{ sign_in.ip }}\n"
                "Browser  {{ sign_in.agent }}"
            ),
            _("If it was not you, change your password now and tell {{ sender.name }}."),
            PORTAL,
            *FOOT,
        ),
        fields=(
            *USER,
            Field("sign_in.at", _("When, in the person's time zone"), SAMPLE_MOMENT),
            Field("sign_in.ip", _("From which address"), "192.0.2.17"),
            Field("sign_in.agent", _("With which browser"), "Firefox 128 on Windows"),
        ),
        mailbox=Mailbox.LOGIN,
        bell="",
        shows=("users.manage",),
    ),
    Kind(
        Event.TEST,
        purpose=_("Sent to yourself, to see that mail arrives."),
        subject=_("Test mail of {{ sender.name }}"),
        body=(
            HELLO,
            _("this letter says that mail from {{ sender.name }} arrives."),
            *FOOT,
        ),
        fields=(USER[0],),
        mailbox=Mailbox.LOGIN,
    ),
)
