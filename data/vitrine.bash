# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for bash: options, frontends, machines that run, files.
_vitrine()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=
    case $COMP_CWORD:${COMP_WORDS[1]} in
    2:attach|2:detach)
        words=$(vitrine list 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
    3:attach)
        words='gtk sdl spice vnc terminal headless' ;;
    3:detach)
        words=$(vitrine list 2>/dev/null |
            awk -v m="${COMP_WORDS[2]}" '$1 == m || $2 == m { print $NF }' | tr , ' ') ;;
    *:list)
        words='--json' ;;
    *)
        if [[ $before == -display ]]; then
            words='gtk sdl spice vnc terminal headless none'
        elif [[ $word == -* ]]; then
            words=$(vitrine -help 2>/dev/null | awk '/^-/ { print $1 }')
        elif [[ $COMP_CWORD == 1 ]]; then
            words='list attach detach'
        fi ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _vitrine vitrine
