import type { RunInfo } from '@semivae/train';

/** The last part of a path or of a URL. */
function lastPart(path: string): string {
  const bare = /^\w+:\/\//.test(path) ? path.replace(/[?#].*$/, '') : path;
  return bare.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '');
}

/** Files as recipes name them, a comma between two, without their folders and hosts: those are nobody's business. */
export const fileNames = (name: string): string =>
  name
    .split(/(,\s*)/)
    .map(lastPart)
    .join('');

/** A query whose quoted texts name no folder. */
const inQuery = (sql: string): string =>
  sql.replace(
    /(['"])((?:(?!\1).)*[\\/](?:(?!\1).)*)\1/gs,
    (_, quote, text) => `${quote}${lastPart(text)}${quote}`,
  );

const earlier = <T extends { readonly data: string }>(run: T): T => ({ ...run, data: fileNames(run.data) });

/** What a run is, as a bundle may tell it: files by their names alone, wherever they lie. */
export function withoutFolders(info: RunInfo): RunInfo {
  const { recipe, data, initFrom, taughtBy } = info;
  const { name, sql } = recipe.data;
  const citation = data.citation === data.name ? fileNames(data.citation) : data.citation;
  return {
    ...info,
    recipe: {
      ...recipe,
      data: { ...recipe.data, name: fileNames(name), ...(sql !== undefined && { sql: inQuery(sql) }) },
    },
    data: { ...data, citation, name: fileNames(data.name), source: fileNames(data.source) },
    ...(initFrom && { initFrom: earlier(initFrom) }),
    ...(taughtBy && { taughtBy: taughtBy.map(earlier) }),
  };
}
