// Looks at the page that it stands in, which is in a frame, and writes what it found into the page around it.
(() => {
  const found = {width: innerWidth, height: document.documentElement.scrollHeight, overflow: [], faint: [], lowest: 21, texts: 0, axes: [], fetched: []};

  for (const folded of document.querySelectorAll("details")) folded.open = true; // after its height is taken

  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = color => (color.match(/[\d.]+/g) || []).map(Number);
  const solid = color => { const n = numbers(color); return n.length >= 3 && (n.length < 4 || n[3] === 1) ? n : null; };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = solid(getComputedStyle(e).backgroundColor);
      if (color) return color;
    }
    return [255, 255, 255];
  };

  if (document.documentElement.scrollWidth > innerWidth) found.overflow.push("the page has " + document.documentElement.scrollWidth + " pixels");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.data.trim() || /^(SCRIPT|STYLE|TITLE|DESC)$/i.test(element.tagName)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    const style = getComputedStyle(element), drawn = element.closest("svg");
    if (box.right > innerWidth + 0.5 && !element.closest("thead")) found.overflow.push(node.data.trim().slice(0, 40));
    if (drawn) {
      const around = drawn.getBoundingClientRect();
      if (box.left < around.left - 0.5 || box.right > around.right + 0.5 || box.top < around.top - 0.5 || box.bottom > around.bottom + 0.5)
        found.overflow.push("out of its chart: " + node.data.trim().slice(0, 40));
    }
    const front = solid(drawn ? style.fill : style.color);
    if (!front) continue;
    const [a, b] = [luminance(front), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.texts++;
    found.lowest = Math.min(found.lowest, contrast);
    if (contrast < 4.5) found.faint.push(contrast.toFixed(2) + " " + node.data.trim().slice(0, 40));
    if (drawn && Math.round(parseFloat(style.fontSize)) === 12) found.axes.push(node.data.trim());
  }
  for (const entry of performance.getEntriesByType("resource")) found.fetched.push(entry.name);
  const pre = parent.document.createElement("pre");
  pre.id = "looked";
  pre.textContent = JSON.stringify(found);
  parent.document.body.append(pre);
})();
