"""What WeChat sends, as it is read: published samples, and whatever else may come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wechat.inbound import Malformed, fields_of, received
from bot.wechat.xml import text_reply
from tests.simulators import wechat_platform as platform


def message(inside: str, kind: str = "text") -> str:
    return (
        "<xml>\n<ToUserName><![CDATA[toUser]]></ToUserName>\n<FromUserName><![CDATA[fromUser]]>"
        f"</FromUserName>\n<CreateTime>1348831860</CreateTime>\n<MsgType><![CDATA[{kind}]]></MsgType>\n"
        f"{inside}\n</xml>"
    )


ID = "<MsgId>1234567890123456</MsgId><MsgDataId>xxxx</MsgDataId><Idx>xxxx</Idx>"
SAMPLES = {
    "text": (
        "text",
        f"<Content><![CDATA[this is a test]]></Content>{ID}",
        {"text": "this is a test"},
    ),
    "image": (
        "image",
        f"<PicUrl><![CDATA[this is a url]]></PicUrl><MediaId><![CDATA[media_id]]></MediaId>{ID}",
        {"picture_url": "this is a url", "media_id": "media_id"},
    ),
    "voice": (
        "voice",
        f"<MediaId><![CDATA[media_id]]></MediaId><Format><![CDATA[Format]]></Format>{ID}",
        {"text": "", "media_id": "media_id"},
    ),
    "voice_empty": (
        "voice",
        f"<MediaId>m</MediaId><Recognition><![CDATA[]]></Recognition>{ID}",
        {"text": ""},
    ),
    "voice_old": (
        "voice",
        f"<Recognition><![CDATA[腾讯微信团队]]></Recognition>{ID}",
        {"text": "腾讯微信团队"},
    ),
    "video": (
        "video",
        f"<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>{ID}",
        {"media_id": "m"},
    ),
    "shortvideo": ("shortvideo", f"<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>{ID}", {}),
    "location": (
        "location",
        f"<Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale>"
        f"<Label><![CDATA[位置信息]]></Label>{ID}",
        {},
    ),
    "link": (
        "link",
        f"<Title><![CDATA[公众平台官网链接]]></Title><Description>d</Description><Url>u</Url>{ID}",
        {},
    ),
    "menu_tap": (
        "text",
        f"<Content><![CDATA[满意]]></Content>{ID}<bizmsgmenuid>101</bizmsgmenuid>",
        {"text": "满意", "menu_id": "101"},
    ),
    "subscribe": (
        "event",
        "<Event><![CDATA[subscribe]]></Event>",
        {"event": "subscribe", "event_key": ""},
    ),
    "subscribe_empty_key": (
        "event",
        "<Event>subscribe</Event><EventKey></EventKey>",
        {"event_key": ""},
    ),
    "subscribe_pay": (
        "event",
        "<Event>subscribe</Event><EventKey>last_trade_no_4001</EventKey>",
        {"event": "subscribe", "event_key": "last_trade_no_4001"},
    ),
    "subscribe_scene": (
        "event",
        "<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_123123]]></EventKey>"
        "<Ticket><![CDATA[TICKET]]></Ticket>",
        {"event": "subscribe", "event_key": "123123"},
    ),
    "unsubscribe": ("event", "<Event><![CDATA[unsubscribe]]></Event>", {"event": "unsubscribe"}),
    "scan": (
        "event",
        "<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[SCENE_VALUE]]></EventKey>"
        "<Ticket><![CDATA[TICKET]]></Ticket>",
        {"event": "scan", "event_key": "SCENE_VALUE"},
    ),
    "place": (
        "event",
        "<Event>LOCATION</Event><Latitude>23.137466</Latitude><Longitude>113.352425</Longitude>"
        "<Precision>119.385040</Precision>",
        {"event": "location"},
    ),
    "click": (
        "event",
        "<Event>CLICK</Event><EventKey><![CDATA[benefits]]></EventKey>",
        {"event_key": "benefits"},
    ),
    "view": (
        "event",
        "<Event>VIEW</Event><EventKey><![CDATA[www.qq.com]]></EventKey><MenuId>M</MenuId>",
        {"event": "view"},
    ),
    "scancode": (
        "event",
        "<Event>scancode_waitmsg</Event><EventKey>6</EventKey><ScanCodeInfo><ScanType>qrcode"
        "</ScanType><ScanResult><![CDATA[2]]></ScanResult></ScanCodeInfo>",
        {"event": "scancode_waitmsg", "scanned": "2"},
    ),
    "pictures": (
        "event",
        "<Event>pic_sysphoto</Event><EventKey>6</EventKey><SendPicsInfo><Count>2</Count><PicList>"
        "<item><PicMd5Sum>a</PicMd5Sum></item><item><PicMd5Sum>b</PicMd5Sum></item></PicList>"
        "</SendPicsInfo>",
        {"event": "pic_sysphoto"},
    ),
    "popup": (
        "event",
        "<Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>T"
        "</TemplateId></List><List><TemplateId>U</TemplateId></List></SubscribeMsgPopupEvent>",
        {"event": "subscribe_msg_popup_event"},
    ),
    "unknown": ("hologram", ID, {}),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_of_the_documentation_are_read(name: str) -> None:
    kind, inside, expected = SAMPLES[name]
    read = received(fields_of(message(inside, kind)))
    assert (read.kind, read.sender, read.account) == (kind, "fromUser", "toUser")
    assert read.key == "1234567890123456" or (kind == "event" and read.key.startswith("event-"))
    for field, value in expected.items():
        assert getattr(read, field) == value


def test_an_empty_text_is_empty_and_not_nothing() -> None:
    assert received(fields_of(message(f"<Content></Content>{ID}"))).text == ""


def test_a_message_id_of_64_bits_keeps_every_digit() -> None:
    read = received(fields_of(message("<Content>a</Content><MsgId>18446744073709551615</MsgId>")))
    assert read.key == "18446744073709551615"


def test_events_are_told_apart_by_sender_time_event_and_key() -> None:
    """wechatpy gives the id 0 to every one of them."""
    first = message("<Event>CLICK</Event><EventKey>a</EventKey>", "event")
    others = [
        first.replace(">a<", ">b<"),
        first.replace("CLICK", "VIEW"),
        first.replace("1348831860", "1348831861"),
        first.replace("fromUser", "another"),
    ]
    keys = [received(fields_of(one)).key for one in (first, *others)]
    assert len(set(keys)) == 5
    assert received(fields_of(first)).key == keys[0]
    assert "fromUser" not in keys[0]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>'
    "<xml><Content>&lol2;</Content></xml>"
)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not_xml"),
        (b"success", "not_xml"),
        (b'{"MsgType": "text"}', "json"),
        (b"[1]", "json"),
        (b"<html></html>", "not_xml"),
        (b"\xff\xfe<\x00x\x00m\x00l\x00", "not_utf8"),
        ("<xml>补".encode("gbk"), "not_utf8"),
        (BOMB.encode(), "not_xml"),
        (b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml></xml>', "not_xml"),
        (b"<!-- <xml> --><!DOCTYPE x><xml></xml>", "not_xml"),
        (b"<xml><!DOCTYPE x></xml>", "broken_xml"),
        (b"<xml><Content>&undefined;</Content></xml>", "broken_xml"),
        (b"<xml><Content><![CDATA[", "broken_xml"),
        (b"<xml></xml><xml></xml>", "broken_xml"),
        (b"<xml><MsgType>text</MsgType><MsgType>event</MsgType></xml>", "field_twice"),
        (b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>", "incomplete"),
        (message(ID).replace("fromUser", "").encode(), "incomplete"),
        (message(ID).replace("fromUser", "o" * 101).encode(), "incomplete"),
        (message(ID).replace("1348831860", "yesterday").encode(), "incomplete"),
        (message(ID).replace("<![CDATA[text]]>", "").encode(), "incomplete"),
        (message("<Content>a</Content>").encode(), "no_message_id"),
        (message("<MsgId>1e9</MsgId>").encode(), "no_message_id"),
        (message("<MsgId>" + "9" * 200 + "</MsgId>").encode(), "no_message_id"),
    ],
)
def test_what_is_no_message_is_named_and_refused(body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        received(fields_of(body))


@given(st.text(max_size=200))
def test_whatever_a_person_writes_is_read_as_it_was(text: str) -> None:
    text = "".join(
        char
        for char in text
        if char in "\t\n"
        or (" " <= char <= "\ud7ff")
        or "\ue000" <= char <= "\ufffd"
        or char > "\uffff"
    )
    body = platform.as_xml(
        {"FromUserName": "a", "CreateTime": "1", "MsgType": "text", "MsgId": "1", "Content": text}
    )
    assert received(fields_of(body)).text == text.strip()


@given(st.text(max_size=300))
def test_a_reply_is_one_well_formed_message_whatever_is_in_it(text: str) -> None:
    reply = text_reply("oA", "gh_B", f"{text}]]></Content><MsgType>news</MsgType>{text}", 1)
    fields = platform.flat(reply)
    assert list(fields) == ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"]
    assert fields["MsgType"] == "text"
    assert "]]></Content>" in fields["Content"]
