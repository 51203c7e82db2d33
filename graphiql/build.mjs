// Makes the GraphiQL page from the pinned packages of package-lock.json:
//   node build.mjs          dist/, the page with everything it needs; and checks that cdn.html is up to date
//   node build.mjs --cdn    writes cdn.html, the page for a server built without dist/
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const here = new URL('./', import.meta.url);
const read = (path) => readFileSync(new URL(path, here), 'utf8');
const version = (name) => JSON.parse(read(`node_modules/${name}/package.json`)).version;
const hash = (algorithm, text) => `${algorithm}-${createHash(algorithm).update(text).digest('base64')}`;

const scripts = [
  { name: 'react.js', from: 'react', file: 'umd/react.production.min.js' },
  { name: 'react-dom.js', from: 'react-dom', file: 'umd/react-dom.production.min.js' },
  { name: 'graphiql.js', from: 'graphiql', file: 'graphiql.min.js' },
];
const style = { name: 'graphiql.css', from: 'graphiql', file: 'graphiql.min.css' };
const packaged = ({ from, file }) => read(`node_modules/${from}/${file}`);

/** The page, which carries its own policy: GraphiQL's menus and dialogs set styles from script, nothing else is inline. */
const page = ({ source, head, foot, notice }) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="${source}; base-uri 'none'; form-action 'none'">
    <meta name="referrer" content="no-referrer">
    <title>Tagwire GraphiQL</title>
    <link rel="icon" href="data:,">
${head.map((line) => `    ${line}\n`).join('')}  </head>
  <body>
    <div id="graphiql"><p class="notice">${notice}</p></div>
${foot.map((line) => `    ${line}\n`).join('')}  </body>
</html>
`;

function ownPage() {
  return page({
    notice: 'Loading GraphiQL …',
    source: "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    head: ['page.css', style.name].map((name) => `<link rel="stylesheet" href="/graphiql/${name}">`),
    foot: [...scripts.map((script) => script.name), 'boot.js'].map((name) => `<script src="/graphiql/${name}"></script>`),
  });
}

function cdnPage() {
  const cdn = 'https://cdn.jsdelivr.net';
  const boot = `\n${read('boot.js')}`;
  const pinned = (item) =>
    `="${cdn}/npm/${item.from}@${version(item.from)}/${item.file}" integrity="${hash('sha384', packaged(item))}" crossorigin="anonymous"`;
  return page({
    notice: 'Loading GraphiQL from cdn.jsdelivr.net: this server was built without its own copy.',
    source: [
      "default-src 'self'", `script-src ${cdn} '${hash('sha256', boot)}'`, `style-src ${cdn} 'unsafe-inline'`,
      'font-src data:', "img-src 'self' data:",
    ].join('; '),
    head: [`<link rel="stylesheet" href${pinned(style)}>`, `<style>\n${read('page.css')}</style>`],
    foot: [...scripts.map((script) => `<script src${pinned(script)}></script>`), `<script>${boot}</script>`],
  });
}

/** The licence texts of all packages that are in, or behind, the scripts; packages of equal text stand together. */
function licenses() {
  const packages = Object.keys(JSON.parse(read('package-lock.json')).packages).filter((path) => path !== '').sort();
  const byText = new Map();
  for (const path of packages.filter((path) => existsSync(new URL(`${path}/package.json`, here)))) {
    const about = JSON.parse(read(`${path}/package.json`));
    const files = readdirSync(new URL(path, here)).filter((name) => /^(licen[cs]e|copying|notice|copyrightnotice|thirdpartynotices)/i.test(name));
    const text = files.map((name) => read(`${path}/${name}`).trim()).join('\n\n')
      || `License: ${about.license}. Author: ${about.author?.name ?? about.author ?? about.repository?.url ?? 'not named'}.`;
    byText.set(text, [...(byText.get(text) ?? []), `${about.name} ${about.version}`]);
  }
  return [...byText].map(([text, names]) => `${[...new Set(names)].join(', ')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}

if (process.argv.includes('--cdn')) {
  writeFileSync(new URL('cdn.html', here), cdnPage());
} else {
  const dist = new URL('dist/', here);
  mkdirSync(dist, { recursive: true });
  const leftover = new Set(readdirSync(dist));
  // A file that is the same already is left alone, so that the server is not built anew for nothing.
  const put = (name, text) => {
    leftover.delete(name);
    if (!existsSync(new URL(name, dist)) || read(`dist/${name}`) !== text) writeFileSync(new URL(name, dist), text);
  };
  // The maps are not served, and the fonts (Roboto, Fira Code) are left to the system's own.
  for (const script of scripts) put(script.name, packaged(script).replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
  put(style.name, packaged(style).replace(/@font-face\s*\{[^}]*\}/g, ''));
  put('page.css', read('page.css'));
  put('boot.js', read('boot.js'));
  put('index.html', ownPage());
  put('licenses.txt', licenses());
  for (const name of leftover) rmSync(new URL(name, dist));
  if (!existsSync(new URL('cdn.html', here)) || read('cdn.html') !== cdnPage()) {
    console.error('graphiql/cdn.html is out of date: run `node build.mjs --cdn` in graphiql/ and commit it');
    process.exit(1);
  }
}
