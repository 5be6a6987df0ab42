import { expect, test } from 'vitest';
import { html, render, trusted } from './html.ts';

test('text is escaped in elements and in attributes; markup is not, and lists are joined', () => {
  const hostile = `<script>'"&`;
  expect(render(html`<p title="${hostile}">${hostile}${html`<b>${1}</b>`}${['<', trusted('<i>')]}</p>`)).toBe(
    '<p title="&lt;script&gt;&#39;&quot;&amp;">&lt;script&gt;&#39;&quot;&amp;<b>1</b>&lt;<i></p>',
  );
});

test('nothing stands for what is absent, zero stands for itself', () => {
  expect(render(html`[${undefined}${false}${0}]`)).toBe('[0]');
});

test('data cannot pass for markup', () => {
  const forged = JSON.parse('{"markup": "<script>", "Symbol(markup)": "<script>"}');
  expect(render(forged)).not.toContain('<');
});
