"use strict";

// The custom element <live-figure name="…">: a session of live.js on the page.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const NEAR = 26; // how far from a handle, in units of the drawing, a pointer takes it
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  class LiveFigure extends HTMLElement {
    connectedCallback() {
      this.watch = new IntersectionObserver(([entry]) => {
        if (!entry.isIntersecting) this.pause();
        else if (!this.session) this.begin();
      }, { rootMargin: "300px" });
      this.watch.observe(this.parentElement); // as this is not shown yet
    }

    disconnectedCallback() {
      this.watch.disconnect();
      this.pause();
    }

    begin() {
      const data = JSON.parse(this.querySelector("script").textContent);
      this.session = live.open(this.getAttribute("name"), data);
      this.views = [];
      this.drawings = make("div", { class: "live-panels" });
      this.words = make("dl", { class: "live-words" });
      this.status = make("p", { class: "unseen", role: "status" });
      this.append(this.drawings, this.words, this.buttons(), this.sliders(), this.status);
      this.draw();
      this.setAttribute("ready", "");
    }

    // ---- Controls ----------------------------------------------------------------------

    button(name, action) {
      const button = make("button", { type: "button" }, name);
      button.addEventListener("click", action);
      return button;
    }

    buttons() {
      const { figure } = this.session;
      const row = make("div", { class: "live-buttons" });
      const settings = make("div", { class: "live-settings", role: "group", "aria-label": "Settings to try" });
      for (const name of Object.keys(figure.settings)) {
        settings.append(this.button(name, () => {
          this.session.choose(name);
          this.follow();
        }));
      }
      row.append(settings);
      if (figure.step) {
        this.runs = this.button("Run", () => {
          if (this.timer) return this.pause();
          this.session.run();
          this.follow();
        });
        row.append(this.runs, this.button("One step", () => {
          this.pause();
          this.session.step();
          this.changed();
        }));
      }
      row.append(this.button("Start again", () => {
        this.pause();
        this.session.reset();
        this.changed();
      }));
      return row;
    }

    sliders() {
      this.inputs = {};
      const group = make("div", { class: "live-sliders" });
      for (const control of this.session.figure.controls) {
        const output = make("b");
        const input = control.choices
          ? make("select", {}, ...control.choices.map((each, i) => make("option", { value: i }, each)))
          : make("input", {
            type: "range", step: control.step,
            min: control.log ? Math.log10(control.from) : control.from,
            max: control.log ? Math.log10(control.to) : control.to,
          });
        input.addEventListener("input", () => {
          const number = Number(input.value); // before pausing shows the old one again
          this.pause();
          this.session.set(control.key, control.log ? 10 ** number : number);
          this.changed();
        });
        this.inputs[control.key] = { control, input, output };
        group.append(make("label", {}, make("span", {}, control.label, " ", output), input));
      }
      return group;
    }

    // ---- Time --------------------------------------------------------------------------

    follow() {
      this.pause();
      const { session } = this;
      if (session.left <= 0) return this.changed();
      if (still.matches) {
        session.finish();
        return this.changed();
      }
      this.runs.textContent = "Pause";
      const { fast, pace = 1 } = session.figure;
      let frames = 0;
      const frame = () => {
        const end = performance.now() + 8;
        if (frames++ % pace === 0) {
          do session.step(); while (session.left > 0 && fast && performance.now() < end);
          this.draw();
        }
        if (session.left > 0) this.timer = requestAnimationFrame(frame);
        else this.pause();
      };
      this.draw();
      this.timer = requestAnimationFrame(frame);
    }

    pause() {
      if (!this.timer) return;
      cancelAnimationFrame(this.timer);
      this.timer = 0;
      this.runs.textContent = "Run";
      this.changed();
    }

    // ---- Drawing -----------------------------------------------------------------------

    changed() {
      this.draw();
      clearTimeout(this.later);
      this.later = setTimeout(() => {
        this.status.textContent = this.session.said().map(([what, value]) => `${what}: ${value}`).join("; ");
      }, 600);
    }

    draw() {
      const { session } = this;
      const panels = session.panels();
      const handles = session.handles();
      panels.forEach((panel, i) => {
        this.views[i] ??= this.view(panel, i);
        const view = this.views[i];
        panel.layers.forEach((layer, k) => {
          if (view.drawn[k] === layer) return;
          view.layers[k].innerHTML = view.drawn[k] = layer;
        });
        if (panel.shade) this.shade(view.canvas, panel.shade);
        view.grips.replaceChildren(...handles.filter((each) => each.panel === i).map(({ at }) => {
          const grip = document.createElementNS(SVG, "circle");
          const [x, y] = panel.plane.at(at);
          for (const [key, value] of Object.entries({ class: "grip", cx: x, cy: y, r: 9 })) {
            grip.setAttribute(key, value);
          }
          return grip;
        }));
      });
      this.words.replaceChildren(...session.said().map(([what, value]) =>
        make("div", {}, make("dt", {}, what), make("dd", {}, value))));
      for (const { control, input, output } of Object.values(this.inputs)) {
        const value = session.values[control.key];
        input.value = control.log ? Math.log10(value) : value;
        const words = live.shown(control, value);
        if (control.choices) continue;
        output.textContent = words;
        input.setAttribute("aria-valuetext", words);
      }
    }

    view({ plane, name, layers, shade }, index) {
      const box = make("div", { class: "live-panel", style: `--width:${plane.width};--height:${plane.height}` });
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("viewBox", `0 0 ${plane.width} ${plane.height}`);
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", name);
      // Within the axes, what sticks out is cut off; the axes' own words do not.
      const inner = (cut) => {
        const element = document.createElementNS(SVG, "svg");
        const { left, top } = live.MARGIN;
        const place = { x: left, y: top, width: plane.across, height: plane.up, overflow: cut ? "hidden" : "visible" };
        for (const [key, value] of Object.entries(place)) element.setAttribute(key, value);
        svg.append(element);
        return element;
      };
      const view = { plane, svg, drawn: [], layers: layers.map((_, k) => inner(k > 0)), grips: inner(false) };
      if (shade) {
        const { left, top } = live.MARGIN;
        view.canvas = make("canvas", {
          width: shade.columns, height: shade.rows, "aria-hidden": "true",
          style: `left:${100 * left / plane.width}%;top:${100 * top / plane.height}%;`
            + `width:${100 * plane.across / plane.width}%;height:${100 * plane.up / plane.height}%`,
        });
        box.append(view.canvas);
      }
      box.append(svg);
      this.drawings.append(box);
      this.pointer(view, index);
      return view;
    }

    // `colours` are four numbers for each place, row after row from the top.
    shade(canvas, { columns, rows, colours }) {
      const image = new ImageData(Uint8ClampedArray.from(colours), columns, rows);
      canvas.getContext("2d").putImageData(image, 0, 0);
    }

    // ---- Pointer -----------------------------------------------------------------------

    pointer(view, index) {
      const { svg, plane } = view;
      let held = null;

      const point = (event) => {
        const box = svg.getBoundingClientRect();
        const share = plane.width / box.width;
        return [(event.clientX - box.left) * share, (event.clientY - box.top) * share];
      };

      const nearest = (event) => {
        const [x, y] = point(event);
        const { left, top } = live.MARGIN;
        const far = ({ at }) => {
          const [px, py] = plane.at(at);
          return Math.hypot(px + left - x, py + top - y);
        };
        const own = this.session.handles().filter((each) => each.panel === index && far(each) < NEAR);
        return own.sort((one, other) => far(one) - far(other))[0];
      };

      // A finger that takes a handle does not scroll the page; any other does.
      svg.addEventListener("touchstart", (event) => {
        if (nearest(event.touches[0])) event.preventDefault();
      }, { passive: false });

      svg.addEventListener("pointerdown", (event) => {
        const handle = nearest(event);
        if (!handle) return;
        this.pause();
        held = handle.name;
        svg.setPointerCapture(event.pointerId);
      });

      svg.addEventListener("pointermove", (event) => {
        if (held === null) return svg.classList.toggle("near", Boolean(nearest(event)));
        this.session.move(held, plane.back(point(event)));
        this.changed();
      });

      for (const end of ["pointerup", "pointercancel"]) {
        svg.addEventListener(end, () => { held = null; });
      }

      svg.addEventListener("click", (event) => {
        if (nearest(event) || !this.session.figure.pick) return;
        this.pause();
        this.session.pick(index, plane.back(point(event)));
        this.changed();
      });
    }
  }

  customElements.define("live-figure", LiveFigure);
})();
