"""Lines for measuring the guard that its detectors were never adjusted to: two sets, each of other locales, templates and
shapes of clean lines than the other and than bench/guard.py.

Set "a" was measured first, with the detectors as they were; then they were mended by what it showed, and set "b" was
measured for the first time with the mended ones. Whoever mends detectors by set "b" writes a set "c".
"""

from __future__ import annotations

import random
from collections.abc import Callable

from faker import Faker

LOCALES = {
    "a": ["bg_BG", "de_CH", "en_IE", "es_AR", "et_EE", "fr_BE", "fr_CA", "he_IL", "hr_HR", "lt_LT", "nl_BE", "sk_SK", "th_TH", "zh_TW"],
    "b": ["ar_SA", "az_AZ", "en_NZ", "hy_AM", "es_CL", "es_CO", "fa_IR", "fr_CH", "it_CH", "ka_GE", "lv_LV", "ne_NP", "sl_SI", "tr_TR", "vi_VN"],
}  # fmt: skip
# Those with IBANs that Faker makes as their country does.
IBAN_LOCALES = {
    "a": ["bg_BG", "de_CH", "en_IE", "et_EE", "fr_BE", "he_IL", "hr_HR", "lt_LT", "nl_BE", "sk_SK"],
    "b": ["ar_SA", "az_AZ", "fr_CH", "it_CH", "ka_GE", "lv_LV", "sl_SI", "tr_TR"],
}
TEMPLATES = {
    "a": {
        "email": ["{} requested a password reset", "WARN smtp: recipient <{}> unknown", "owner={} plan=gold", '{{"to":["{}"],"subject":"hi"}}',
                  "merge accounts {} into guest-77"],
        "phone": ["2fa code for phone {} expired", "Tel: {}", '{{"mobile":"{}"}}', "sms gateway: number {} unreachable", "contact phone={} ok"],
        "card": ["stripe: charge on card {} refused", "credit card {} expires soon", '{{"cardNumber":"{}"}}', "checkout pan {} ok", "paid with {} today"],
        "iban": ["sepa transfer to {} accepted", '{{"iban":"{}","eur":5}}', "bank account {} verified", "IBAN: {}"],
    },
    "b": {
        "email": ["invite sent: {}", "GET /unsubscribe?mail={} 302", "[mod] banned {} for spam", '"user": "{}", "tier": 3', "from={}; to=support"],
        "phone": ["verification call to {} failed", "telephone number {} is taken", "whatsapp={}", '"phoneNumber": "{}"', "user typed: my mobile is {}"],
        "card": ["declined: visa {} insufficient funds", "refund to card no. {}", "payment_method card {} attached", '"pan": "{}"', "debit card {} blocked"],
        "iban": ["payout to {} scheduled", "account={} currency=EUR", "mandate for {} signed", "({}) rejected by bank"],
    },
}  # fmt: skip


def grouped(fake: Faker, digits: str) -> str:
    """A card as people write it: in fours, or in one."""
    separator = fake.random.choice(["", "", " ", "-"])
    return separator.join(digits[i : i + 4] for i in range(0, len(digits), 4)) if separator and len(digits) == 16 else digits


def make_value(fake: Faker, kind: str) -> str:
    if kind == "email":
        return str(fake.random.choice([fake.ascii_email, fake.ascii_company_email, fake.ascii_free_email, fake.email])())
    if kind == "phone":
        return str(fake.phone_number())
    if kind == "card":
        return grouped(fake, str(fake.credit_card_number()))
    iban = str(fake.iban())
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4)) if fake.random.random() < 0.3 else iban


def private_lines(which: str, kind: str, count: int) -> list[tuple[str, int, int, str]]:
    """Line, first byte of the value, byte behind it, locale."""
    lines = []
    locales = IBAN_LOCALES[which] if kind == "iban" else LOCALES[which]
    for locale in locales:
        fake = Faker(locale)
        fake.seed_instance(f"held out {which} {locale} {kind}")
        for _ in range(count // len(locales)):
            value = make_value(fake, kind)
            before, _, after = fake.random.choice(TEMPLATES[which][kind]).format("\0").partition("\0")
            begin = len(before.encode())
            lines.append((before + value + after, begin, begin + len(value.encode()), locale))
    return lines


def _shapes(which: str, rng: random.Random) -> list[Callable[[], str]]:
    bits = rng.getrandbits

    def pick(*words: str) -> str:
        return rng.choice(words)

    def digits(low: int, high: int) -> str:
        """An id of so many digits."""
        size = rng.randint(low, high)
        return str(rng.randint(10 ** (size - 1), 10**size - 1))

    def clock() -> str:
        return f"{bits(5) % 24:02}:{bits(6) % 60:02}:{bits(6) % 60:02}"

    day = lambda: f"{rng.randint(2019, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"  # noqa: E731
    version = lambda: f"{bits(3)}.{bits(5)}.{bits(6)}"  # noqa: E731
    if which == "a":
        return [
            lambda: f"{bits(16) % 240000:06} {bits(17) % 240000:06} {bits(10)} INFO dfs.FSNamesystem: BLOCK* NameSystem.allocateBlock: /mnt/job_{digits(12, 12)}_{bits(12):04}/part-{bits(12):05}. blk_{digits(18, 19)}",
            lambda: f"[{day()} {clock()},{bits(10) % 1000:03}] INFO Deleted segment with base offset {digits(13, 16)} in topic-{bits(5)} (kafka.log.Log)",
            lambda: f"{clock()}.{bits(19):06} Scheduling entity {digits(13, 19)} seed={digits(13, 19)} at tick {bits(28)}",
            lambda: f"match_id={digits(13, 19)} map={pick('dust', 'harbor', 'mesa')} duration={rng.uniform(60, 3000):.3f} winner={pick('red', 'blue')}",
            lambda: f"pos=({rng.uniform(-9e4, 9e4):.6f},{rng.uniform(-9e4, 9e4):.6f},{rng.uniform(-500, 500):.4f}) yaw={rng.uniform(-180, 180):.5f} chunk={bits(18)}",
            lambda: f"geo cell lat {rng.uniform(-90, 90):.7f} lon {rng.uniform(-180, 180):.7f} players {bits(6)}",
            lambda: f"build {version()}-rc.{bits(3)}+{bits(40):010x} commit {bits(160):040x} ({day()})",
            lambda: f"asset {bits(128):032x} sha256:{bits(256):064x} loaded in {rng.uniform(0, 90):.2f}ms",
            lambda: f"Jun {bits(4) + 1:2} {clock()} combo sshd(pam_unix)[{bits(15)}]: session closed for service cron by (uid={bits(10)})",
            lambda: f"order {digits(13, 19)} queued for region {pick('eu', 'na', 'sa')}; retry in {bits(6)} s",
            lambda: f"snapshot #{digits(13, 19)} written: {bits(36)} bytes, crc {bits(32):08x}, took {rng.uniform(0, 5):.6f}s",
            lambda: f"span {bits(64):016x} trace {bits(128):032x} duration_ns={digits(13, 16)} status=OK",
            lambda: f"ticket {bits(32):08x}-{bits(16):04x}-{bits(16):04x}-{bits(16):04x}-{bits(44):011x} matched after {rng.uniform(0, 60):.1f}s",
            lambda: f"libfoo{bits(4)} {bits(3)}:{version()}-{bits(4)}+deb{bits(3) + 8}u{bits(2)} amd64 half-configured",
            lambda: f"GC(#{bits(13)}) Pause Young {bits(10)}M->{bits(9)}M({bits(11)}M) {rng.uniform(0, 40):.3f}ms @{digits(13, 13)}",
            lambda: f"[ModuleManager@{bits(20)}] onUpdate v{version()}: {bits(8)}/{bits(8)} ok, elapsed={digits(13, 19)}ns",
        ]  # fmt: skip
    return [
        lambda: f"{day()}T{clock()}.{bits(19):06}+02:00 player-{bits(16)} inventory item={digits(13, 19)} qty={bits(7)} slot={bits(6)}",
        lambda: f"raft: term {bits(14)} index {digits(13, 19)} committed, leader node-{bits(4)}",
        lambda: f"{digits(13, 13)} DEBUG net.Channel id: 0x{bits(32):08x}, L:/port={bits(15)} - R: closed] WRITE: {bits(12)}B",
        lambda: f"Recovered {bits(20)} rows, lsn {bits(20):X}/{bits(32):X}, xid {bits(31)}, wal {bits(96):024X}",
        lambda: f"replay {digits(13, 19)}.rep checksum={bits(64):016x} frames={bits(19)} v{version()}",
        lambda: f"terrain tile ({bits(9)}, {bits(9)}) height {rng.uniform(-100, 3000):.8f} normal [{rng.random():.6f} {rng.random():.6f} {rng.random():.6f}]",
        lambda: f"{clock()} AI[{bits(10)}] path cost {rng.uniform(0, 1e6):.4f} nodes {bits(14)} hash {bits(63)}",
        lambda: f"lootbox roll seed {digits(13, 19)} -> {pick('common', 'rare', 'epic')} (p={rng.random():.9f})",
        lambda: f"Invoice batch {digits(13, 15)} closed: {bits(10)} documents, {bits(20)}.{bits(6) % 100:02} EUR",
        lambda: f"snowflake {digits(17, 19)} decoded: worker {bits(5)} seq {bits(12)} ms {digits(13, 13)}",
        lambda: f"docker: image registry.local/game@sha256:{bits(256):064x} pulled, layer {bits(48):012x} {bits(27)} bytes",
        lambda: f"{day()} {clock()} UTC [{bits(15)}] LOG:  checkpoint complete: wrote {bits(12)} buffers ({rng.uniform(0, 9):.1f}%); distance={bits(19)} kB",
        lambda: f"uptime {bits(24)}s rss {bits(33)} fds {bits(10)} threads {bits(7)} loadavg {rng.random() * 9:.2f} {rng.random() * 9:.2f} {rng.random() * 9:.2f}",
        lambda: f"cell 00000000-0000-0000-0000-000000000000 skipped; parent {bits(24):06x}-{bits(24):06x}-{bits(24):06x} depth {bits(4)}",
        lambda: f"Fps: {rng.uniform(20, 144):.3f} (1% low {rng.uniform(5, 60):.3f}) frame {bits(27)} gpu {rng.uniform(0, 16):.4f}ms drawcalls {bits(13)}",
        lambda: f"session token bucket {pick('chat', 'trade')}: {bits(10)}/{bits(10)} left, refill {digits(13, 16)}",
    ]  # fmt: skip


def clean_lines(which: str, count: int) -> list[str]:
    """Without anything private, and full of what looks like it: ids of 13 to 19 digits, hashes, versions, coordinates, times."""
    rng = random.Random(f"held out {which} clean")
    shapes = _shapes(which, rng)
    return [rng.choice(shapes)() for _ in range(count)]
