// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in the canvas' place when there is no image to read: a title, a reason, what can be done.
#pragma once

#include <QWidget>

#include <functional>

class QHBoxLayout;
class QLabel;

namespace foveate::ui {

struct MessageAction {
    QString text;
    std::function<void()> run;
    bool primary = false;
};

class CanvasMessage : public QWidget {
    Q_OBJECT
public:
    explicit CanvasMessage(QWidget* parent);
    void display(const QString& iconName, const QString& title, const QString& detail,
                 const QList<MessageAction>& actions);
    QString title() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* m_icon;
    QLabel* m_title;
    QLabel* m_detail;
    QHBoxLayout* m_row;
};

} // namespace foveate::ui
