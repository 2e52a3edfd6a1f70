/** Hands a file to the person, as the browser saves files. */
export function saveFile(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has taken its own hold of it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Room above the picture for its title. */
const HEAD = 30;

/**
 * A panel's picture: title, unit, canvases and SVGs as they stand, and the texts around them (legend, numbers) drawn at their
 * places. Made in the browser from what is shown, so that it is what was seen; null when there is nothing to draw on.
 */
export async function panelPng(panel: HTMLElement, title: string, unit: string): Promise<Blob | null> {
  const body = panel.querySelector<HTMLElement>('header + div');
  if (body === null) return null;
  const scale = Math.max(2, devicePixelRatio);
  const frame = body.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil((frame.width + 16) * scale);
  canvas.height = Math.ceil((frame.height + HEAD + 8) * scale);
  const ctx = canvas.getContext('2d');
  if (ctx === null) return null;
  const style = getComputedStyle(panel);
  ctx.scale(scale, scale);
  ctx.fillStyle = style.backgroundColor;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = style.color;
  ctx.font = `600 14px ${style.fontFamily}`;
  ctx.fillText(unit === '' ? title : `${title} (${unit})`, 8, 20);
  ctx.beginPath();
  ctx.rect(0, HEAD, frame.width + 16, frame.height + 8);
  ctx.clip();
  ctx.translate(8 - frame.left, HEAD - frame.top);
  for (const picture of body.querySelectorAll('canvas')) {
    const at = picture.getBoundingClientRect();
    if (picture.width > 0 && at.width > 0) ctx.drawImage(picture, at.left, at.top, at.width, at.height);
  }
  for (const svg of body.querySelectorAll('svg')) await drawSvg(ctx, svg);
  drawTexts(ctx, body);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

async function drawSvg(ctx: CanvasRenderingContext2D, svg: SVGSVGElement): Promise<void> {
  const at = svg.getBoundingClientRect();
  if (at.width === 0 || at.height === 0) return;
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(at.width));
  copy.setAttribute('height', String(at.height));
  copy.style.color = getComputedStyle(svg).color;
  // Variables of the page are not known to a picture of its own: what they come to is written in.
  const originals = [svg, ...svg.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((element, i) => {
    const { fill, stroke, fontFamily } = getComputedStyle(originals[i]!);
    element.setAttribute('fill', fill);
    element.setAttribute('stroke', stroke);
    if (element.tagName === 'text') element.setAttribute('font-family', fontFamily);
  });
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  // A picture that cannot be read is left out; the rest of the panel is still worth saving.
  const read = await image.decode().then(
    () => true,
    () => false,
  );
  if (read) ctx.drawImage(image, at.left, at.top, at.width, at.height);
}

/** Texts outside of SVGs, each where it stands; boxes with a ground of their own (bars) as well. */
function drawTexts(ctx: CanvasRenderingContext2D, body: HTMLElement): void {
  const frame = body.getBoundingClientRect();
  for (const element of body.querySelectorAll<HTMLElement>('div')) {
    const { backgroundColor } = getComputedStyle(element);
    if (element.style.background === '' && element.style.backgroundColor === '') continue;
    const at = element.getBoundingClientRect();
    ctx.fillStyle = backgroundColor;
    ctx.fillRect(at.left, at.top, at.width, at.height);
  }
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const parent = node.parentElement!;
    const text = node.textContent?.trim() ?? '';
    if (text === '' || parent.closest('svg') !== null || parent.closest('[aria-live]') !== null) continue;
    range.selectNodeContents(node);
    const at = range.getBoundingClientRect();
    if (at.bottom < frame.top || at.top > frame.bottom || at.width === 0) continue;
    const style = getComputedStyle(parent);
    ctx.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    ctx.fillStyle = style.color;
    ctx.textBaseline = 'middle';
    ctx.save();
    const clip = parent.getBoundingClientRect();
    ctx.beginPath();
    ctx.rect(clip.left, clip.top, clip.width, clip.height);
    ctx.clip();
    ctx.fillText(text, at.left, (at.top + at.bottom) / 2);
    ctx.restore();
  }
}
