// Makes a clone ready to run: its dependencies, and with --browser a Chromium for the tests.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findChromium } from './chromium.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const say = (text) => console.log(`setup: ${text}`);

function fail(text) {
  console.error(`setup: ${text}`);
  process.exit(1);
}

/** Whether the command succeeded; its output is shown where it did not. */
function succeeds(command, ...options) {
  const { status, stdout, stderr, error } = spawnSync(command, options, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    shell: process.platform === 'win32',
  });
  if (status !== 0) console.error([stdout, stderr, error?.message].filter(Boolean).join('\n').trim());
  return status === 0;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old. Install Node 20.19 or newer.`);
  }
}

function installDependencies() {
  const installed = 'node_modules/.package-lock.json';
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync('package-lock.json').mtimeMs) return;
  say('installing dependencies (npm ci), about a minute …');
  if (!succeeds('npm', 'ci')) fail('npm ci failed, see above. Mend that, then run this again.');
}

/** Debian's own package where we may install one (Ubuntu has none, only a stub), else Playwright's download. */
function installChromium() {
  const root = process.getuid?.() === 0;
  const apt = root && existsSync('/usr/bin/apt-get');
  say('no Chromium found; installing one for the browser test …');
  if (
    apt &&
    succeeds('apt-get', 'update', '-qq') &&
    succeeds('apt-get', 'install', '-yqq', '--no-install-recommends', 'chromium')
  )
    return;
  succeeds('npx', 'playwright-core', 'install', ...(apt ? ['--with-deps'] : []), 'chromium');
}

async function ensureChromium() {
  if (await findChromium()) return;
  installChromium();
  if (await findChromium()) return;
  const remedy = 'Install Chromium or Chrome, or set SEMIVAE_CHROMIUM to its path.';
  if (process.env.CI) fail(`no Chromium, and none could be installed. ${remedy}`);
  console.warn(`setup: NO CHROMIUM, SO THE BROWSER TEST WILL BE SKIPPED. ${remedy}`);
}

checkNode();
installDependencies();
if (process.argv.includes('--browser')) await ensureChromium().catch(({ message }) => fail(message));
