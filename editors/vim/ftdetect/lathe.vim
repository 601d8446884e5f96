autocmd BufRead,BufNewFile *.lathe setfiletype lathe
