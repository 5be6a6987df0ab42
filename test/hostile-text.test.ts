import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTable } from '@semivae/data/node';
import { beforeAll, describe, expect, test } from 'vitest';
import { answerOf, type Finished, freshFolder, semivae } from './command.ts';

const cwd = freshFolder();
const at = (path: string) => join(cwd, path);
const run = (...args: string[]) => semivae(args, { cwd });
const text = (path: string) => readFileSync(at(path), 'utf8');

/** Clears a terminal, renames its window, ends a line, hides words, opens a tag, a link or a table's cell, runs a formula. */
const NAME = '\u001b[2J<script>alert(1)</script>|[a](b:c)';
const LEVELS = ['\u001b]0;owned\u0007', 'one\nerror: two', '=1+1', '-2+3', '@now', '\u009b31m', 'a\u202eb'];
const COMMANDS = /[\p{Cc}\u202e]/u;
const ROWS = 300;

const quoted = (cell: string) => `"${cell}"`;
const rows = Array.from({ length: ROWS }, (_, row) => ({
  level: LEVELS[(row * row) % LEVELS.length]!,
  number: (Math.sin(row) - 0.5).toFixed(4),
  own: `=row${row}`,
}));
const csv = [
  [quoted(NAME), 'number', 'own'],
  ...rows.map(({ level, number, own }) => [quoted(level), number, own]),
]
  .map((cells) => `${cells.join(',')}\n`)
  .join('');

/** Lines for people, without what separates them. */
const wordsOf = ({ stdout, stderr }: Finished): string => `${stdout}${stderr}`.replace(/[\n\t]/g, ' ');

describe('texts of data that mean something elsewhere', () => {
  const said: Finished[] = [];
  beforeAll(async () => {
    writeFileSync(at('rows.csv'), csv);
    const small = ['--set', 'model.hidden=[8]', '--set', 'model.latent=2', '--set', 'stepsPerEpoch=20'];
    const training = ['train', '--data', 'rows.csv', '--epochs', '1', '--out', 'run', '--threads', '1'];
    said.push(await run(...training, '--set', 'data.calibration=0.4', ...small));
    said.push(await run('export', 'run', '--out', 'bundle', '--fpr', '0.05'));
    said.push(await run('score', 'bundle', 'rows.csv'));
    said.push(await run('inspect', 'run'), await run('inspect', 'bundle'));
    said.push(await run('report', 'bundle', '--data', 'rows.csv', '--out', 'page.html'));
    said.push(await run('drift', 'bundle', 'rows.csv', '--out', 'drift.html'));
    said.push(await run('impute', 'bundle', 'rows.csv', '--out', 'whole.csv'));
  }, 120_000);

  test('command no terminal, and forge no line (fault 89)', async () => {
    for (const each of said) {
      expect(each.code, each.stderr).toBeLessThan(2);
      expect(wordsOf(each)).not.toMatch(COMMANDS);
      expect(`${each.stdout}\n${each.stderr}`).not.toMatch(/^error: two/m);
    }
    const shown = said.map(wordsOf).join(' ');
    expect(shown).toContain('\\u001b[2J<script>');
    const failure = await run('score', 'bundle', '--sql', `SELECT '${LEVELS[1]}' AS "${LEVELS[0]}"`);
    expect(wordsOf(failure)).not.toMatch(COMMANDS);
    expect(failure.stderr).not.toMatch(/^error: two/m);
    const answer = await run('score', 'bundle', 'rows.csv', '--json');
    expect(answer.stdout.trimEnd()).not.toMatch(COMMANDS);
    expect(JSON.stringify(answerOf(answer))).toContain('script');
  });

  test('are no markup in a model card or a page (fault 89)', () => {
    const card = text('bundle/README.md');
    expect(card.replace(/\n/g, '')).not.toMatch(COMMANDS);
    expect(card).toContain('\\<script\\>alert(1)\\</script\\>\\|\\[a\\](b:c)');
    for (const page of ['page.html', 'drift.html']) {
      expect(text(page)).not.toContain('<script');
      expect(text(page).replace(/[\n\t]/g, '')).not.toMatch(COMMANDS);
    }
  });

  test('are formulas of no spreadsheet, where that is asked, and are told of where not (fault 89)', async () => {
    const plain = await run('score', 'bundle', 'rows.csv', '--out', 'plain.csv');
    expect(plain.stderr).toMatch(/a spreadsheet would run texts of .*'own'.*--escape-formulas/);
    expect(plain.stderr).not.toContain("'number'");
    expect(await cells('plain.csv', 'own')).toEqual(rows.map(({ own }) => own));
    const escaped = await run('score', 'bundle', 'rows.csv', '--out', 'escaped.csv', '--escape-formulas');
    expect(escaped.stderr).not.toContain('formulas');
    expect(await cells('escaped.csv', 'own')).toEqual(rows.map(({ own }) => `'${own}`));
    expect(await cells('escaped.csv', 'number')).toEqual(rows.map(({ number }) => Number(number)));
    expect(await cells('escaped.csv', 'score')).toEqual(await cells('plain.csv', 'score'));
    expect(text('escaped.csv')).not.toMatch(/(^|,)"?[=@]/m);
  });
});

async function cells(path: string, column: string): Promise<(number | string)[]> {
  const table = await openTable(at(path));
  const found: (number | string)[] = [];
  for await (const { columns } of table.chunks([column])) found.push(...columns[column]!);
  await table.close();
  return found;
}
