export { driftPage } from './drift/page.ts';
export * from './report.ts';
export { reportPage } from './report-page.ts';
