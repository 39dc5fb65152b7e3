"""The WeChat Official Account: see docs/wechat.md."""
