import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '@semivae/runtime';
import { beforeAll, describe, expect, test } from 'vitest';
import { answerOf, freshFolder, semivae } from './command.ts';
import { normals, uniforms } from './numbers.ts';

const ROWS = 300;
const NAMES = ['Preis', 'preis', 'constructor', 'wann', 'bestelldatum', 'ja?', 'plz', 'größe', 'kaputt'];

const comma = (number: number, digits = 2): string => number.toFixed(digits).replace('.', ',');
const grouped = (number: number): string => comma(number).replace(/^(\d)(\d{3})/, '$1.$2');

/** Rows as a German spreadsheet writes them, with a column that nobody can read. */
function rowsOf(name: string): string[][] {
  const numbers = NAMES.map((column) => normals([ROWS], `${name} ${column}`).data);
  const share = uniforms([ROWS], name).data;
  return Array.from({ length: ROWS }, (_, row) => {
    const at = (column: number) => numbers[column]![row]!;
    const date = new Date(Date.UTC(2023, 0, 1) + Math.floor(700 * share[row]!) * 86_400_000);
    const [day, month] = [date.getUTCDate(), date.getUTCMonth() + 1];
    return [
      `${grouped(1500 + 200 * at(0))} €`,
      comma(20 + 3 * at(1)),
      row % 11 === 0 ? '' : comma(at(2)),
      `${day}/${month}/${date.getUTCFullYear()}`,
      String(45_000 + Math.floor(300 * share[row]!)),
      at(5) > 0 ? 'Ja' : 'Nein',
      ['01067', '10115', '80331'][row % 3]!,
      `${Math.round(50 + 10 * at(7))}%`,
      row === 3 ? '9'.repeat(20) : `${row}x,y`,
    ];
  });
}

const quoted = (cell: string): string => (/[;"\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** A file of Windows-1252. */
const fileOf = (rows: readonly (readonly string[])[]): Buffer =>
  Buffer.from(
    `sep=;\r\n${[NAMES, ...rows].map((row) => row.map(quoted).join(';')).join('\r\n')}\r\n`.replaceAll(
      '€',
      '\x80',
    ),
    'latin1',
  );

describe('a table as people write it', () => {
  const folder = freshFolder();
  const rows = rowsOf('trained');
  let told = '';
  beforeAll(async () => {
    writeFileSync(join(folder, 'bestellungen.csv'), fileOf(rows));
    const small = ['--set', 'model.hidden=[8]', '--set', 'model.latent=2', '--set', 'data.calibration=100'];
    const steps = [
      '--epochs',
      '1',
      '--set',
      'stepsPerEpoch=20',
      '--threads',
      '1',
      '--column',
      'kaputt=ignored',
    ];
    const trained = await semivae(
      ['train', '--data', 'bestellungen.csv', '--out', 'run', ...small, ...steps],
      { cwd: folder },
    );
    told = trained.stderr;
    expect(trained.code, trained.stderr).toBe(0);
    const exported = await semivae(['export', 'run', '--out', 'bundle'], { cwd: folder });
    expect(exported.code, exported.stderr).toBe(0);
  }, 120_000);

  test('is told as it was read', () => {
    for (const line of [
      /Preis +numeric .*decimal comma/,
      /wann +timestamp .*day, month, year/,
      /bestelldatum +timestamp .*spreadsheet/,
      /ja\? +binary +Nein or Ja/,
      /plz +categorical .*01067/,
      /kaputt +ignored/,
      /windows-1252/,
    ])
      expect(told).toMatch(line);
  });

  test('can be scored where it was trained, and an app that has its cells gets the same answers', async () => {
    const scored = await semivae(['score', 'bundle', 'bestellungen.csv', '--out', 'scored.csv', '--json'], {
      cwd: folder,
    });
    expect(scored.code, scored.stderr).toBe(0);
    expect(answerOf(scored)).toMatchObject({ rows: ROWS, unseen: {} });
    const lines = readFileSync(join(folder, 'scored.csv'), 'utf8').trim().split('\n').slice(1);
    const found = lines.map((line) =>
      Number(/^(?:[^,"]|"[^"]*")*/.exec(line) && line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)[NAMES.length]),
    );
    const model = await load(join(folder, 'bundle'), { threads: 1 });
    const cells = rows.map((row) => Object.fromEntries(NAMES.slice(0, -1).map((name, i) => [name, row[i]!])));
    const answers = await model.score(cells);
    answers.forEach(({ score }, row) => expect(score).toBeCloseTo(found[row]!, 4));
    await model.dispose();
  });

  test('and so can one whose cells alone would not tell how they are written', async () => {
    const [first] = rows;
    const later = [[...first!.slice(0, 3), '3/4/2024', '45001', 'Ja', ...first!.slice(6)]];
    writeFileSync(join(folder, 'later.csv'), fileOf(later));
    const scored = await semivae(['score', 'bundle', 'later.csv', '--json'], { cwd: folder });
    expect(scored.code, scored.stderr).toBe(0);
    expect(JSON.stringify(answerOf(scored).strangest)).not.toMatch(/2024-03-04/);
    writeFileSync(
      join(folder, 'american.csv'),
      'Preis,preis,constructor,wann,bestelldatum,ja?,plz,größe\n"$1,500.00",20.5,1.5,3/14/2024,2023-05-01,Ja,01067,50%\n',
    );
    const american = ['score', 'bundle', 'american.csv', '--json', '--delimiter', ','];
    const refused = await semivae(american, { cwd: folder });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/TABLE_CELL/) });
    const read = await semivae([...american, '--decimal', '.', '--date-format', 'mm/dd/yyyy'], {
      cwd: folder,
    });
    expect(read.code, read.stderr).toBe(0);
  });
});
