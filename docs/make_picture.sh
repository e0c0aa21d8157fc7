#!/usr/bin/env bash
# Writes docs/derivation.png: a derivation's LaTeX as pdflatex sets it, on a page of its own size.
# Needs symgrad, pdflatex and pdftoppm (Debian: texlive-latex-recommended, poppler-utils).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
  cat <<'TEX'
\documentclass[11pt]{article}
\usepackage{amsmath,amssymb}
\begin{document}
\setbox0=\hbox{\begin{minipage}{17cm}
TEX
  symgrad derive two_layer_linear --format latex
  cat <<'TEX'
\end{minipage}}
\pdfhorigin=4mm \pdfvorigin=2mm
\pdfpagewidth=\dimexpr\wd0+8mm\relax \pdfpageheight=\dimexpr\ht0+\dp0+6mm\relax
\shipout\box0
\end{document}
TEX
} >"$folder/derivation.tex"
pdflatex -halt-on-error -output-directory "$folder" "$folder/derivation.tex" >/dev/null
pdftoppm -r 110 -gray -singlefile -png "$folder/derivation.pdf" derivation
