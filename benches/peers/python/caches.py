"""The caches, each as its documentation says it is used."""

from typing import NoReturn

import aiohttp_client_cache
import diskcache
import hishel
import hishel.requests
import requests
import requests_cache
from serving import Place


class Diskcache:
    """A store of bytes in SQLite and files."""

    def __init__(self, place: Place) -> None:
        self.cache = diskcache.Cache(str(place.folder))

    async def get(self, url: str) -> bytes:
        return self.cache[url]

    async def misses(self, url: str) -> bool:
        return self.cache.get(url) is None

    async def store(self, url: str, body: bytes) -> None:
        self.cache.set(url, body)

    async def close(self) -> None:
        self.cache.close()


class RequestsCache:
    """`requests` with its answers in SQLite, with the write-ahead log that many processes want."""

    def __init__(self, place: Place) -> None:
        path = place.folder / "cache.sqlite"
        self.session = requests_cache.CachedSession(path, backend="sqlite", wal=True)

    async def get(self, url: str) -> bytes:
        return self.session.get(url).content

    async def misses(self, url: str) -> bool:
        return self.session.get(url, only_if_cached=True).status_code == 504

    async def store(self, url: str, body: bytes) -> None:
        require_same(await self.get(url), body)

    async def close(self) -> None:
        self.session.close()


class Hishel:
    """`requests` with its answers in SQLite."""

    def __init__(self, place: Place) -> None:
        self.storage = hishel.SqliteStorage(database_path=place.folder / "cache.sqlite")
        self.session = requests.Session()
        self.session.mount("http://", hishel.requests.CacheAdapter(storage=self.storage))

    async def get(self, url: str) -> bytes:
        return self.session.get(url).content

    async def misses(self, url: str) -> NoReturn:
        raise NotImplementedError("it has no lookup that does not ask the origin")

    async def store(self, url: str, body: bytes) -> None:
        require_same(await self.get(url), body)

    async def close(self) -> None:
        self.session.close()
        self.storage.close()


class AiohttpClientCache:
    """`aiohttp` with its answers in SQLite."""

    def __init__(self, place: Place) -> None:
        path = str(place.folder / "cache.sqlite")
        backend = aiohttp_client_cache.SQLiteBackend(path, fast_save=True)
        self.session = aiohttp_client_cache.CachedSession(cache=backend)

    async def get(self, url: str) -> bytes:
        async with self.session.get(url) as response:
            return await response.read()

    async def misses(self, url: str) -> NoReturn:
        raise NotImplementedError("it has no lookup that does not ask the origin")

    async def store(self, url: str, body: bytes) -> None:
        require_same(await self.get(url), body)

    async def close(self) -> None:
        await self.session.close()


def require_same(said: bytes, body: bytes) -> None:
    if said != body:
        raise ValueError("the origin says something else")
