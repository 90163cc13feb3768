import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.ttf': 'font/ttf', '.woff2': 'font/woff2', '.map': 'application/json',
};

/** Serves a folder, and pages held in memory, on a loopback port. Returns {origin, pages, close}; `pages` maps a path to its HTML. */
export async function startAssetServer(folder) {
  const pages = new Map();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    answer(path).then(
      ({ body, type }) => response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*', 'cache-control': 'no-store' }).end(body),
      () => response.writeHead(404).end(),
    );
  });

  async function answer(path) {
    const page = pages.get(path);
    if (page !== undefined) return { body: page, type: types['.html'] };
    if (path === '/favicon.ico') return { body: '', type: 'image/x-icon' };
    const file = join(folder, normalize(path));
    if (!file.startsWith(folder)) throw new Error('outside the folder');
    return { body: await readFile(file), type: types[extname(file)] ?? 'application/octet-stream' };
  }

  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    pages,
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
