"""Signatures and encryption, against values that Tencent has published.

Sources: the message push guide of developers.weixin.qq.com (token AAAAA; the key of 43 A), the
sample code of WXBizMsgCrypt (Java, Python, C++), and EasyWeChat's EncryptorTest.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wechat.crypto import BadCipher, Cipher, is_signed, signature
from bot.wechat.gate import Gate, Refused, wrapped
from bot.wechat.inbound import fields_of
from tests.simulators import wechat_platform as platform

DEMO_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ZERO_KEY = "A" * 43


def gate(
    token: str = "AAAAA",
    key: str = "",
    app_id: str = "",
    previous: str = "",
    plain: bool | None = None,
    freshness_s: int = 0,
    clock: float = 1714036504,
) -> Gate:
    ciphers = tuple(Cipher.of(one, app_id) for one in (key, previous) if one)
    allowed = not ciphers if plain is None else plain
    return Gate(token, ciphers, allowed, freshness_s, lambda: clock)


def query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


# --- published values -----------------------------------------------------------------------------

URL_CHECK = query(
    "signature=f464b24fc39322e44b38aa78f5edd27bd1441696&echostr=4375120948345356249"
    "&timestamp=1714036504&nonce=1514711492"
)
PLAIN = query(
    "signature=899cf89e464efb63f54ddac96b0a0a235f53aa78&timestamp=1714037059&nonce=486452656"
)
SAFE_JSON = query(
    "signature=6c5c811b55cc85e0e1b54100749188c20beb3f5d&timestamp=1714112445&nonce=415670741"
    "&openid=o9AgO5Kd5ggOC-bXrbNODIiE3bGY&encrypt_type=aes"
    "&msg_signature=046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
)
SAFE_JSON_TEXT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcv"
    "ZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3F"
    "n2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSe"
    "OBrebufAlr7F9mFUPAJGj04="
)
SAFE_XML = query(
    "signature=cc0c594499c1634947d5b502f158ee518947db27&timestamp=1715943329&nonce=1590219412"
    "&openid=o9AgO5Kd5ggOC-bXrbNODIiE3bGY&encrypt_type=aes"
    "&msg_signature=6c12a4205838198b8fa631b3220723bb07f1015c"
)
SAFE_XML_TEXT = (
    "D7yzvUNAL930rd28wf21s4hvXhz0L6Uit/p2Di6C5DHyYGpEgdBRnKjBec34JwoQXicwaZC7fOVihW80F4VtsdvE//1v"
    "r7oAbqjDv8KenVp+ajKYpJnyQ4zMRhIC+a31fCVOMC03FfzV/QuC94kBP55a+Za3sJgvAn+ZbsNqZI5DkyuzkhQN8OBq"
    "CzFhizGmy0xpM0MEA4agpvE+RuNO1rhHTtuJB5yltw1FiYzecSXJ+y/D2r81VkRn2eYjh2ltsoyfbDR7Is6ookXIFxTf"
    "yeNyeHxMeT4KN5WpCDmSbTcUYrbBUlkGLJ9n/rU8YOywma6G7aTb7KZKOqCxgfoUlYEZPk4FUL/TK7ShriFDMVCLyjQJ"
    "15Ob++agDWtcxhfUfe6HIoIpRW8mKNBQiY/Jd1svvuskA1wLef1RTtzKfMpagSCX/laZINmdnX4zrF6kIaR9P4xQrWXb"
    "sTFHTYe0Mg=="
)
PYTHON_SAMPLE = query(
    "timestamp=1409735669&nonce=1320562132&encrypt_type=aes"
    "&msg_signature=5d197aaffba7e9b25a30732f161a50dee96bd5fa"
)
PYTHON_SAMPLE_TEXT = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PG"
    "HQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6"
    "tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp"
    "3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhv"
    "Ql+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)
EASYWECHAT = query(
    "timestamp=1458300676&nonce=260774613&encrypt_type=aes"
    "&msg_signature=4f3ad57b6989f09f4eb392acce4f9e93942ed890"
)
EASYWECHAT_TEXT = (
    "rTNFcsut4LfGuAFKEUVVpwcaCOTJzOd9twZdIW910jb3k+iicx2uvhttIZ3Qg9Qgty3BEF2xbOrz6boTfb30dMomcgrk"
    "TqdFPwnhqbk+kIQ7rZiwny9D7NUrTgA5kpX3KsZvrXzUZyP2x9YOlxbgm572lmxKvM7HAQQhIQ/p6HBmoY30bGXFK0Bt"
    "Iu1pW9TjhOYrLQoU18nWYjWqDA1ynkmOytpv7QRI1P1+0NoxL0q2zO1DgeSvnE8CZGo/o5Ap/WHK5W2RAsinpzN4/LjP"
    "nmB6U01I5XCoJoC0GK/yMZycd2Oh8Nq6+wBkC1U85oy0ktOY4nLvsQMLrourmMGdZHuTbqpeJ8Ao/5PRYJ+WBvRUwPfG"
    "KBL2+2IKZF49vAJqkcGWSHGE76ZN2erXeuNazf/o9o3lIE3q739o4c8t9QGPe31GT2Go/rOz1BsrASwvauNulCh+++yz"
    "+CQzBIuikA=="
)


def enveloped(encrypted: str) -> bytes:
    return platform.as_xml({"ToUserName": "gh", "Encrypt": encrypted}).encode()


def test_the_check_of_the_address_is_answered_unchanged() -> None:
    assert gate().echo(URL_CHECK) == "4375120948345356249"


def test_the_plain_signature_of_the_guide() -> None:
    assert is_signed(PLAIN["signature"], "AAAAA", PLAIN["timestamp"], PLAIN["nonce"])


def test_the_encrypted_json_of_the_guide_is_opened_and_json_is_refused() -> None:
    cipher = Cipher.of(ZERO_KEY, "wxba5fad812f8e6fb9")
    assert cipher.decrypt(SAFE_JSON_TEXT) == (
        '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY",'
        '"CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
    )
    door = gate(key=ZERO_KEY, app_id="wxba5fad812f8e6fb9")
    with pytest.raises(Refused, match="json") as refused:
        door.open(SAFE_JSON, enveloped(SAFE_JSON_TEXT))
    assert refused.value.status == 400


def test_the_encrypted_xml_of_the_guide() -> None:
    door = gate(key=ZERO_KEY, app_id="wx134c8103faa5a59e")
    message = door.open(SAFE_XML, enveloped(SAFE_XML_TEXT)).received
    assert (message.kind, message.event) == ("event", "debug_demo")
    assert message.sender == "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"


def test_the_reply_of_the_guide_is_encrypted_to_the_byte() -> None:
    cipher = Cipher.of(ZERO_KEY, "wx134c8103faa5a59e")
    plain = "<xml><demo_resp>[CDATA[good luck]]</demo_resp></xml>"
    encrypted = cipher.encrypt(plain, "999951349e8ee746")
    assert encrypted == (
        "hE8R6mGXHkJJjU72KxzKUd1GEkKJaEZq7vRL8XgK3o+00k8JGq6+pZJUIlTSyhsX+bxIBQ72g3GyvDdIZcr6+3HA"
        "ZbSvPT9t/o11MI7d6WELwqrGd7jMnV0zv3Zc9Nq7"
    )
    sign = signature("AAAAA", "1713424427", "415670741", encrypted)
    assert sign == "03e0812039325c2712ef5f0f980fd14c70d6e307"
    assert fields_of(wrapped(encrypted, sign, "1713424427", "415670741")) == {
        "Encrypt": encrypted,
        "MsgSignature": sign,
        "TimeStamp": "1713424427",
        "Nonce": "415670741",
    }


@pytest.mark.parametrize(
    ("plain", "encrypted"),
    [
        (
            "我是中文abcd123",
            "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVO"
            "fg==",
        ),
        (
            "<xml><ToUserName><![CDATA[oia2Tj我是中文jewbmiOUlr6X-1crbLOvLw]]></ToUserName>"
            "<FromUserName><![CDATA[gh_7f083739789a]]></FromUserName><CreateTime>1407743423"
            "</CreateTime><MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[eYJ1MbwPRJ"
            "tOvIEabaxHs7TX2D-HV71s79GUxqdUkjm6Gs2Ed1KF3ulAOA9H1xG0]]></MediaId><Title><![CDATA[te"
            "stCallBackReplyVideo]]></Title><Description><![CDATA[testCallBackReplyVideo]]></Desc"
            "ription></Video></xml>",
            "jn1L23DB+6ELqJ+6bruv23M2GmYfkv0xBh2h+XTBOKVKcgDFHle6gqcZ1cZrk3e1qjPQ1F4RsLWzQRG9udbK"
            "WesxlkupqcEcW7ZQweImX9+wLMa0GaUzpkycA8+IamDBxn5loLgZpnS7fVAbExOkK5DYHBmv5tptA9tklE/f"
            "TIILHR8HLXa5nQvFb3tYPKAlHF3rtTeayNf0QuM+UW/wM9enGIDIJHF7CLHiDNAYxr+r+OrJCmPQyTy8cVWl"
            "u9iSvOHPT/77bZqJucQHQ04sq7KZI27OcqpQNSto2OdHCoTccjggX5Z9Mma0nMJBU+jLKJ38YB1fBIz+vBzs"
            "YjrTmFQ44YfeEuZ+xRTQwr92vhA9OxchWVINGC50qE/6lmkwWTwGX9wtQpsJKhP+oS7rvTY8+VdzETdfakjk"
            "wQ5/Xka042OlUb1/slTwo4RscuQ+RdxSGvDahxAJ6+EAjLt9d8igHngxIbf6YyqqROxuxqIeIch3CssH/LqR"
            "s+iAcILvApYZckqmA7FNERspKA5f8GoJ9sv8xmGvZ9Yrf57cExWtnX8aCMMaBropU/1k+hKP5LVdzbWCG0hG"
            "wx/dQudYR/eXp3P0XxjlFiy+9DMlaFExWUZQDajPkdPrEeOwofJb",
        ),
    ],
)
def test_the_sample_code_encrypts_the_same(plain: str, encrypted: str) -> None:
    cipher = Cipher.of(DEMO_KEY, "wxb11529c136998cb6")
    assert cipher.encrypt(plain, "aaaabbbbccccdddd") == encrypted
    assert cipher.decrypt(encrypted) == plain


def test_the_sample_codes_echo_is_opened() -> None:
    echo = (
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    )
    assert is_signed(
        "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "QDG6eK", "1409659589", "263014780", echo
    )
    cipher = Cipher.of("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
    assert cipher.decrypt(echo) == "1616140317555161061"


def test_the_sample_codes_message_in_compatible_mode() -> None:
    """Plain and encrypted fields in one body: the encrypted ones count."""
    door = gate("spamtest", DEMO_KEY, "wx2c2769f8efd9abc2")
    body = (
        "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName><FromUserName><![CDATA[oSomebody"
        "Else]]></FromUserName><CreateTime>1409735668</CreateTime><MsgType><![CDATA[text]]></MsgTy"
        "pe><Content><![CDATA[something else]]></Content><MsgId>1</MsgId>"
        f"<Encrypt><![CDATA[{PYTHON_SAMPLE_TEXT}]]></Encrypt></xml>"
    )
    message = door.open(PYTHON_SAMPLE, body.encode()).received
    assert message.text == "abcdteT"
    assert message.key == "6054768590064713728"
    assert message.sender == "oyORnuP8q7ou2gfYjqLzSIWZf0rs"


def test_easywechats_message() -> None:
    cipher = Cipher.of(DEMO_KEY, "wxb11529c136998cb6")
    assert is_signed(
        EASYWECHAT["msg_signature"], "pamtest", "1458300676", "260774613", EASYWECHAT_TEXT
    )
    fields = fields_of(cipher.decrypt(EASYWECHAT_TEXT))
    assert (fields["FromUserName"], fields["Content"]) == ("asdasdasdsadasd", "hello")


# --- who is turned away ----------------------------------------------------------------------

DOOR = gate("spamtest", DEMO_KEY, "wx2c2769f8efd9abc2")


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in PYTHON_SAMPLE.items() if key != name}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (PYTHON_SAMPLE | {"msg_signature": "0" * 40}, 403),
        (PYTHON_SAMPLE | {"msg_signature": "签" * 40}, 403),
        (without("msg_signature"), 403),
        (
            without("msg_signature")
            | {"signature": signature("spamtest", "1409735669", "1320562132")},
            403,
        ),
        (without("timestamp"), 403),
        (without("nonce"), 403),
        (PYTHON_SAMPLE | {"nonce": "1320562133"}, 403),
        (PYTHON_SAMPLE | {"timestamp": "1409735670"}, 403),
        (PYTHON_SAMPLE | {"nonce": "9" * 300}, 403),
        (PYTHON_SAMPLE | {"encrypt_type": "rsa"}, 400),
        (
            {
                **PYTHON_SAMPLE,
                "encrypt_type": "raw",
                "signature": signature("spamtest", "1409735669", "1320562132"),
            },
            403,
        ),
    ],
)
def test_who_is_not_wechat_is_turned_away(asked: dict[str, str], status: int) -> None:
    with pytest.raises(Refused) as refused:
        DOOR.open(asked, enveloped(PYTHON_SAMPLE_TEXT))
    assert refused.value.status == status


def signed(encrypted: str, timestamp: str = "1714036504") -> dict[str, str]:
    return {
        "encrypt_type": "aes",
        "timestamp": timestamp,
        "nonce": "n",
        "msg_signature": signature("spamtest", timestamp, "n", encrypted),
    }


@pytest.mark.parametrize(
    "encrypted",
    [
        base64.b64encode(bytes(range(160))).decode(),  # opens to nothing
        base64.b64encode(b"\0" * 32).decode(),
        base64.b64encode(b"short").decode(),
        "!!! not base64 !!!",
        "密文",
        "A",
        Cipher.of(DEMO_KEY, "wxOfSomebodyElse").encrypt("<xml></xml>"),
        Cipher.of(ZERO_KEY, "wx2c2769f8efd9abc2").encrypt("<xml></xml>"),
        DOOR.ciphers[0].encrypt("not xml"),
        DOOR.ciphers[0].encrypt("<xml></xml>"),
        DOOR.ciphers[0].encrypt("<xml><MsgType>text</MsgType>"),
        DOOR.ciphers[0].encrypt(
            '<!DOCTYPE xml [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>'
        ),
    ],
    ids=range(12),  # encrypted anew in each run
)
def test_garbage_with_a_good_signature_is_a_bad_request(encrypted: str) -> None:
    """wechatpy raises ValueError, struct.error, InvalidAppIdException, ExpatError or KeyError."""
    with pytest.raises(Refused) as refused:
        DOOR.open(signed(encrypted), enveloped(encrypted))
    assert refused.value.status == 400


@given(st.binary(max_size=400))
def test_no_cipher_text_brings_anything_but_a_refusal(garbage: bytes) -> None:
    encrypted = base64.b64encode(garbage).decode()
    with pytest.raises((BadCipher, Refused)):
        DOOR.ciphers[0].decrypt(encrypted)


def test_a_plain_body_in_safe_mode_is_a_bad_request() -> None:
    body = b"<xml><ToUserName>a</ToUserName><MsgType>text</MsgType></xml>"
    with pytest.raises(Refused) as refused:
        DOOR.open(signed(""), body)
    assert refused.value.status == 400


def test_the_freshness_window_can_be_switched() -> None:
    at = 1714036504
    for clock, window, good in (
        (at + 299, 300, True),
        (at + 301, 300, False),
        (at - 301, 300, False),
        (at * 2, 0, True),
    ):
        door = gate(freshness_s=window, clock=clock)
        if good:
            assert door.echo(URL_CHECK)
        else:
            with pytest.raises(Refused, match="stale"):
                door.echo(URL_CHECK)


def test_a_timestamp_that_is_no_number_is_refused() -> None:
    asked = {
        "timestamp": "１７",
        "nonce": "n",
        "echostr": "e",
        "signature": signature("AAAAA", "１７", "n"),
    }
    with pytest.raises(Refused, match="bad_timestamp"):
        gate(freshness_s=300).echo(asked)


def test_the_previous_key_opens_and_answers() -> None:
    app_id = "wx2c2769f8efd9abc2"
    door = gate("spamtest", ZERO_KEY, app_id, previous=DEMO_KEY)
    opened = door.open(PYTHON_SAMPLE, enveloped(PYTHON_SAMPLE_TEXT))
    assert opened.cipher == Cipher.of(DEMO_KEY, app_id)
    answer = fields_of(door.close("<xml>good</xml>", opened.cipher))
    assert Cipher.of(DEMO_KEY, app_id).decrypt(answer["Encrypt"]) == "<xml>good</xml>"
    with pytest.raises(BadCipher):
        Cipher.of(ZERO_KEY, app_id).decrypt(answer["Encrypt"])


def test_every_reply_is_encrypted_anew() -> None:
    cipher = DOOR.ciphers[0]
    assert len({cipher.encrypt("x") for _ in range(20)}) == 20


def test_plain_messages_need_leave_where_there_is_a_key() -> None:
    sender = platform.Platform(platform.Account(), httpx.AsyncClient())
    body = platform.as_xml(sender.message("oA", "text", Content="a"))
    asked = PLAIN
    strict = gate(key=ZERO_KEY, app_id="wx")
    with pytest.raises(Refused, match="plain_not_accepted"):
        strict.open(asked, body.encode())
    assert replace(strict, plain=True).open(asked, body.encode()).received.text == "a"


def test_a_signature_holds_as_a_whole_only() -> None:
    right = signature("t", "1", "2")
    assert is_signed(right, "t", "1", "2")
    assert not is_signed(right.upper(), "t", "1", "2")
    assert not is_signed("", "t", "1", "2")
    assert not is_signed(right[:-1], "t", "1", "2")
    assert not is_signed(right + "0", "t", "1", "2")
    assert not is_signed("0" * 10_000, "t", "1", "2")
