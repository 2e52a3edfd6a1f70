import { Fragment, useMemo, type ReactNode } from 'react';

import { parseMarkdown, type Block, type Inline } from '../core/markdown';
import classes from './charts.module.css';

/** Markdown as it is meant; HTML in it is shown as text. */
export function TextPanel({ markdown, label }: { readonly markdown: string; readonly label: string }) {
  const blocks = useMemo(() => parseMarkdown(markdown), [markdown]);
  return (
    <div className={classes.text} role="region" tabIndex={0} aria-label={label}>
      {blocks.map(block)}
    </div>
  );
}

/** Headings begin at this level: the page's and the panel's own come before them. */
const HEADINGS = ['h3', 'h4', 'h5', 'h6', 'h6', 'h6'] as const;

function block(one: Block, key: number): ReactNode {
  switch (one.kind) {
    case 'heading': {
      const Heading = HEADINGS[one.level - 1]!;
      return <Heading key={key}>{inlines(one.children)}</Heading>;
    }
    case 'paragraph':
      return <p key={key}>{inlines(one.children)}</p>;
    case 'code':
      return (
        <pre key={key}>
          <code>{one.text}</code>
        </pre>
      );
    case 'quote':
      return <blockquote key={key}>{one.blocks.map(block)}</blockquote>;
    case 'list': {
      const List = one.ordered ? 'ol' : 'ul';
      return (
        <List key={key}>
          {one.items.map((item, i) => (
            <li key={i}>{inlines(item)}</li>
          ))}
        </List>
      );
    }
    case 'table':
      return (
        <table key={key}>
          <thead>
            <tr>
              {one.head.map((cell, i) => (
                <th key={i}>{inlines(cell)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {one.rows.map((row, i) => (
              <tr key={i}>
                {row.map((cell, j) => (
                  <td key={j}>{inlines(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case 'rule':
      return <hr key={key} />;
  }
}

function inlines(parts: readonly Inline[]): ReactNode {
  return parts.map((part, i) => {
    switch (part.kind) {
      case 'text':
        return <Fragment key={i}>{part.text}</Fragment>;
      case 'code':
        return <code key={i}>{part.text}</code>;
      case 'strong':
        return <strong key={i}>{inlines(part.children)}</strong>;
      case 'em':
        return <em key={i}>{inlines(part.children)}</em>;
      case 'link': {
        const away = /^(https?:|mailto:)/i.test(part.href);
        return (
          <a key={i} href={part.href} {...(away ? { target: '_blank', rel: 'noopener noreferrer' } : {})}>
            {inlines(part.children)}
          </a>
        );
      }
    }
  });
}
