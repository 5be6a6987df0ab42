export const context = (canvas: HTMLCanvasElement) => canvas.getContext('2d', { willReadFrequently: true })!;

/** A canvas to draw on in white; `drawn` is called after each stroke. */
export function openPad(canvas: HTMLCanvasElement, drawn: () => void): HTMLCanvasElement {
  const pen = context(canvas);
  Object.assign(pen, { lineWidth: 22, lineCap: 'round', lineJoin: 'round', strokeStyle: 'white' });
  const lineTo = ({ offsetX, offsetY }: PointerEvent) => {
    pen.lineTo(offsetX, offsetY);
    pen.stroke();
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    lineTo(event);
    lineTo(event);
  });
  canvas.addEventListener('pointermove', (event) => event.buttons > 0 && lineTo(event));
  canvas.addEventListener('pointerup', drawn);
  return canvas;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The drawing at a model's size, as MNIST's digits are: 20 of 28 pixels large, its centre of mass in the middle. */
export function centred(pad: HTMLCanvasElement, { width, height }: Size): ImageData {
  const { left, top, right, bottom, x, y } = inkOf(pad);
  const scale = ((20 / 28) * width) / Math.max(right - left, bottom - top, 1);
  const small = Object.assign(document.createElement('canvas'), { width, height });
  const pen = context(small);
  pen.imageSmoothingQuality = 'high';
  pen.translate(width / 2 - x * scale, height / 2 - y * scale);
  pen.scale(scale, scale);
  pen.drawImage(pad, 0, 0);
  return pen.getImageData(0, 0, width, height);
}

/** The box around the ink, and the ink's centre of mass. */
function inkOf(pad: HTMLCanvasElement) {
  const { data, width, height } = context(pad).getImageData(0, 0, pad.width, pad.height);
  const box = { left: width, top: height, right: 0, bottom: 0 };
  let [mass, x, y] = [0, 0, 0];
  for (let i = 3; i < data.length; i += 4) {
    const [opacity, column, row] = [data[i]!, ((i - 3) / 4) % width, Math.floor(i / 4 / width)];
    if (opacity === 0) continue;
    box.left = Math.min(box.left, column);
    box.right = Math.max(box.right, column + 1);
    box.top = Math.min(box.top, row);
    box.bottom = Math.max(box.bottom, row + 1);
    mass += opacity;
    x += opacity * (column + 0.5);
    y += opacity * (row + 0.5);
  }
  return { ...box, x: x / mass, y: y / mass };
}
