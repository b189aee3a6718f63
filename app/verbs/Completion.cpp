// SPDX-License-Identifier: GPL-3.0-or-later
// `completion SHELL`: walks the verbs and their options and prints a completion script.
#include "app/Verbs.h"

#include <QCoreApplication>

namespace foveate::app {
namespace {

std::vector<const CLI::App*> verbsOf(const CLI::App& program)
{
    return program.get_subcommands([](const CLI::App*) { return true; });
}

QString optionsOf(const CLI::App& verb)
{
    QStringList names;
    for (const CLI::Option* option : verb.get_options())
        for (const std::string& name : option->get_lnames())
            names << QStringLiteral("--") + QString::fromStdString(name);
    return names.join(QLatin1Char(' '));
}

QString verbNames(const CLI::App& program)
{
    QStringList names;
    for (const CLI::App* verb : verbsOf(program))
        names << QString::fromStdString(verb->get_name());
    return names.join(QLatin1Char(' '));
}

void printBash(const CLI::App& program)
{
    say(QStringLiteral(
            "_foveate() {\n  local words=\"%1\" word=\"${COMP_WORDS[COMP_CWORD]}\"\n  case \"${COMP_WORDS[1]}\" in")
            .arg(verbNames(program)));
    for (const CLI::App* verb : verbsOf(program))
        say(QStringLiteral("    %1) [ $COMP_CWORD -gt 1 ] && words=\"%2\";;")
                .arg(QString::fromStdString(verb->get_name()), optionsOf(*verb)));
    say(QStringLiteral(
        "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -o default -F _foveate foveate"));
}

void printZsh(const CLI::App& program)
{
    say(QStringLiteral("#compdef foveate\nautoload -U +X bashcompinit && bashcompinit"));
    printBash(program);
}

void printFish(const CLI::App& program)
{
    for (const CLI::App* verb : verbsOf(program)) {
        const QString name = QString::fromStdString(verb->get_name());
        const QString summary = QString::fromStdString(verb->get_description()).replace(u'\'', QStringLiteral("\\'"));
        say(QStringLiteral("complete -c foveate -n __fish_use_subcommand -a %1 -d '%2'").arg(name, summary));
        for (const CLI::Option* option : verb->get_options())
            for (const std::string& longName : option->get_lnames())
                say(QStringLiteral("complete -c foveate -n '__fish_seen_subcommand_from %1' -l %2")
                        .arg(name, QString::fromStdString(longName)));
    }
}

} // namespace

void addCompletion(CLI::App& program, Invocation& invocation)
{
    CLI::App* verb = addVerb(program, invocation, "completion", "Print a completion script for a shell");
    auto shell = std::make_shared<std::string>();
    verb->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    verb->callback([&program, &invocation, shell] {
        invocation.run = [&program, shell]() -> int {
            *shell == "bash" ? printBash(program) : *shell == "zsh" ? printZsh(program) : printFish(program);
            return kOk;
        };
    });
}

} // namespace foveate::app
