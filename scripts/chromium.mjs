import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The path of a Chromium: the one that SEMIVAE_CHROMIUM names, else on the PATH, else Playwright's own; undefined where
 * there is none. Throws where SEMIVAE_CHROMIUM names no file.
 */
export async function findChromium() {
  const { SEMIVAE_CHROMIUM: named, PATH = '' } = process.env;
  if (named && !existsSync(named))
    throw new Error(`SEMIVAE_CHROMIUM: there is no ${named}. Correct or unset it.`);
  if (named) return named;
  const onPath = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [...onPath, await playwrightsOwn()].find((path) => path && existsSync(path));
}

async function playwrightsOwn() {
  try {
    const { chromium } = await import('playwright-core');
    return chromium.executablePath();
  } catch {
    return undefined;
  }
}
