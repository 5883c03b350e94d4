// Keeps the page and its files, so that wallet and kiosk work offline.
//
// Files under /v/ never change and are taken from here; the page is asked of the server first. The office is never kept.

const KEPT = "milchglas {{version}}";
const PAGES = ["/", "/wallet", "/kiosk", "/issuer"];
const FILES = ["{{files}}"];

self.addEventListener("install", (event) => {
  const kept = caches.open(KEPT).then((cache) => cache.addAll([...PAGES, ...FILES]));
  event.waitUntil(kept.then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidied = caches.keys().then((names) => {
    const old = names.filter((name) => name.startsWith("milchglas ") && name !== KEPT);
    return Promise.all(old.map((name) => caches.delete(name)));
  });
  event.waitUntil(tidied.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin) return;
  if (pathname.startsWith("/v/")) event.respondWith(fromHere(event.request));
  else if (PAGES.includes(pathname)) event.respondWith(fromThere(event.request, pathname));
});

async function fromHere(request) {
  return (await caches.match(request)) ?? fetch(request);
}

async function fromThere(request, pathname) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(pathname, { cacheName: KEPT });
    if (kept) return kept;
    throw error;
  }
}
